import { inferenceMutants } from "./mutants-inference.ts";
import { scriptMutants } from "./mutants-script.ts";
import { readReport } from "./read-report.ts";
import { tryMutants } from "./try-mutants.ts";

// `npm run mutants:script`: puts each bug into a copy of the project and demands that the test that is named beside it goes
// red. `npm run mutants:script -- signals bridge` takes only those whose test or file holds every word.

// Suites of scripts wait for real time here and there, and two children run at once.
const TEST_TIMEOUT_MS = "20000";

/** The inference core's suites run on the host; of the rest, this is what reaches the VM as one text. */
const isBundled = (file: string): boolean => file === "script/guest/create-guest.ts";

const words = process.argv.slice(2);
await tryMutants({
  name: "script-mutants",
  mutants: [...scriptMutants, ...inferenceMutants].filter(({ guarantee, file }) =>
    words.every((word) => guarantee.includes(word) || file.includes(word)),
  ),
  command: ({ guarantee, file }) => [
    `test/mutants/${isBundled(file) ? "run-guest-suites" : "run-suites"}.ts`,
    file.startsWith("inference/") ? "inference/" : "script/",
    TEST_TIMEOUT_MS,
    guarantee,
  ],
  read: readReport,
});
