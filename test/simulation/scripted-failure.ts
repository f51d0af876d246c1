/** What agents and hooks throw because the schedule wants it: never a mistake of the engine's. */
export class ScriptedFailure extends Error {
  override readonly name: string = "ScriptedFailure";
}
