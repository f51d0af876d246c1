// `npm run build`: compiles src/ to dist/ with declarations. A plain tsc run, after removing what an earlier one left, and
// then what script authors' type checkers read.
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "src/tsconfig.json"], {
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

// In the sources nothing refers to these: they say that `turnwire` is what scripts import, for the whole of a program.
const guest = "script/guest";
for (const file of ["turnwire.generated.d.ts", "script-globals.d.ts"]) {
  copyFileSync(`src/${guest}/${file}`, `dist/${guest}/${file}`);
}
const entry = `dist/${guest}/index.d.ts`;
writeFileSync(entry, `/// <reference path="./turnwire.generated.d.ts" />\n${readFileSync(entry, "utf8")}`);
