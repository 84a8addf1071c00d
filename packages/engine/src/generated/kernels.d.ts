/** The compiled kernels of `assembly/`, base64. Made by `scripts/build-wasm.mjs`; `pnpm run build` writes it. */
export declare const kernelsBase64: string;
