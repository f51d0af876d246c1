export { quickJsWasm } from "../vm/quickjs/wasm-workerd.ts";
