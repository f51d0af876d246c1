import type { Mutant } from "./mutant.ts";
import { mutantsT1ToT5 } from "./mutants-t1-to-t5.ts";
import { mutantsT6ToT10 } from "./mutants-t6-to-t10.ts";

/** Bugs that the turn must not have, each with the guarantee whose tests find it. */
export const mutants: readonly Mutant[] = [...mutantsT1ToT5, ...mutantsT6ToT10];
