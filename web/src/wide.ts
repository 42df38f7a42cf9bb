/** Whether the screen has room for two columns. */

import { useEffect, useState } from "preact/hooks";

const query = matchMedia("(min-width: 860px)");

export function useWide(): boolean {
  const [wide, setWide] = useState(query.matches);
  useEffect(() => {
    const look = () => setWide(query.matches);
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return wide;
}
