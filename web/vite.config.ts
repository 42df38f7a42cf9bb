import { defineConfig } from "vitest/config";

// Where `oma up` listens while the page is being worked on with `npm run dev`.
const platform = "http://127.0.0.1:8080";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // Nothing becomes a data: URI or an inline script: the content security policy allows neither.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": { target: platform, changeOrigin: true }, "/config.json": platform } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
