import { mutants } from "./mutants.ts";
import { readReport } from "./read-report.ts";
import { tryMutants } from "./try-mutants.ts";

// `npm run mutants`: puts each bug into a copy of the project and demands that a test which cites its guarantee goes
// red. `npm run mutants -- T6 pump` takes only those whose guarantee or file matches every word.

const words = process.argv.slice(2);
await tryMutants({
  name: "mutants",
  mutants: mutants.filter(({ guarantee, file }) => words.every((word) => guarantee === word || file.includes(word))),
  command: ({ guarantee }) => ["test/mutants/run-suites.ts", "turn/", "4000", `${guarantee}:`],
  read: readReport,
});
