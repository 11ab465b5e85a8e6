import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Each entry loads only what it needs: see docs/decisions on the screens. */
const ENTRIES = ["door", "console", "dealer", "oem", "admin", "motorist"];

const service = process.env.NEARSIDE_DEV_URL ?? "http://127.0.0.1:8000";

/** Beside each file what a browser that understands it gets instead: Brotli and gzip, made once here. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const [fileName, output] of Object.entries(bundle)) {
          if (!/\.(m?js|css|html|svg|webmanifest|json)$/.test(fileName)) continue;
          const source = Buffer.from(output.type === "chunk" ? output.code : output.source);
          if (source.length < 512 || fileName.endsWith(".html")) continue;
          const brotli = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
          this.emitFile({ type: "asset", fileName: `${fileName}.br`, source: brotli });
          this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) });
        }
      },
    },
  };
}

export default defineConfig({
  base: "/static/",
  plugins: [react(), compressed()],
  resolve: {
    alias: { "@words": new URL("../words", import.meta.url).pathname, "@": new URL("src", import.meta.url).pathname },
  },
  html: { cspNonce: "__NONCE__" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      input: Object.fromEntries(ENTRIES.map((name) => [name, new URL(`${name}.html`, import.meta.url).pathname])),
    },
  },
  server: { port: 5173, proxy: { "/api": { target: service, ws: true } } },
});
