export { isOwnerError, OwnerError } from "./owner/owner-error.ts";
export type { OwnerErrorCode } from "./owner/owner-error.ts";
export type { OperationStats, Percentiles } from "./owner/owner-stats.ts";
export { createRuntimeOwner } from "./owner/runtime-owner.ts";
export type {
  CallOptions,
  JobContext,
  JobFunction,
  JobReport,
  JobToken,
  OwnerState,
  OwnerStats,
  RuntimeOwner,
  RuntimeOwnerOptions,
} from "./owner/runtime-owner.ts";
