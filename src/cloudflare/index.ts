export {
  defineTurnObject,
  type TurnObject,
  type TurnObjectClass,
  type TurnObjectOptions,
} from "./define-turn-object.ts";
export { durableObjectSubstrate, type DurableObjectSubstrateOptions } from "./durable-object-substrate.ts";
export type { ObjectNamespace, ObjectState, ObjectStorage, ObjectStub } from "./object-platform.ts";
