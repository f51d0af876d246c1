// `npm run build`: compiles src/ to dist/ with declarations. A plain tsc run, after removing what an earlier one left.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "src/tsconfig.json"], {
  stdio: "inherit",
});
process.exit(tsc.status ?? 1);
