import "./app.css";
import { render } from "preact";
import { App } from "./app";
import { startSpeaking } from "./language";
import { followAddress } from "./route";
import { start } from "./state";

startSpeaking();
// A sign-in link pasted into a page that is already open changes only the part after `#`.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#signin=")) void start();
});
void start();
followAddress();
const root = document.getElementById("app");
if (root) render(<App />, root);
