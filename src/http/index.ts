export { chatTurnRoutes } from "./chat-turn-routes.ts";
export type { FieldProblem, Problem } from "./problem.ts";
export type {
  Authorize,
  Authorized,
  ChatTurnRoutesOptions,
  RoutedTurn,
  RouteIntent,
  RouteLimits,
} from "./route-options.ts";
export {
  approvalParams,
  attachQuery,
  cancelTurnBody,
  decideApprovalBody,
  executionParams,
  sessionParams,
  sessionTurnsQuery,
  type StartTurnBody,
  startTurnBody,
  startTurnBodyWith,
  userMessage,
} from "./schemas.ts";
