/** The title of the window: what the page shows, then the name of the product. */

import { useEffect } from "preact/hooks";

const PRODUCT = "Oh My Agent";

export function useTitle(words: string | null | undefined): void {
  useEffect(() => {
    document.title = words ? `${words} · ${PRODUCT}` : PRODUCT;
  }, [words]);
}
