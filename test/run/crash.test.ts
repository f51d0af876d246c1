import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../sqlite/temporary-folder.ts";
import { crashRun } from "./crash-run.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const KILLS = 30;
const SEED = 1;

describe("a worker on a SQLite file that is killed again and again", () => {
  it(
    `R5, R8, S2, S3: ${KILLS} kills: every turn comes to its end, readers miss and repeat nothing, answers are whole`,
    { timeout: 120_000 },
    async () => {
      const report = await crashRun({ folder: folder.path, kills: KILLS, seed: SEED });
      expect({ seed: SEED, broken: report.broken }).toEqual({ seed: SEED, broken: [] });
      expect(report.turns).toBeGreaterThan(KILLS);
      expect(report.restarts).toBeGreaterThan(0);
    },
  );
});
