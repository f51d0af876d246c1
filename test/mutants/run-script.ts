import { inferenceMutants } from "./mutants-inference.ts";
import { scriptMutants } from "./mutants-script.ts";
import { readReport } from "./read-report.ts";
import { tryMutants } from "./try-mutants.ts";

// `npm run mutants:script`: puts each bug into a copy of the project and demands that the test that is named beside it goes
// red. `npm run mutants:script -- signals bridge` takes only those whose test or file holds every word.

// Suites of scripts wait for real time here and there, and two children run at once.
const TEST_TIMEOUT_MS = "20000";

const words = process.argv.slice(2);
await tryMutants({
  name: "script-mutants",
  mutants: [...scriptMutants, ...inferenceMutants].filter(({ guarantee, file }) =>
    words.every((word) => guarantee.includes(word) || file.includes(word)),
  ),
  command: ({ guarantee, file }) => [
    "test/mutants/run-suites.ts",
    file.startsWith("inference/") ? "inference/" : "script/",
    TEST_TIMEOUT_MS,
    guarantee,
  ],
  read: readReport,
});
