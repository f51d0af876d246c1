/** What the prelude's entry function is asked to do. The prelude repeats these numbers. */
export const CALL = 0;
export const CALL_WITH_SLOTS = 1;
export const SETTLE_HOST_CALL = 2;
export const FAIL_HOST_CALL = 3;
export const FIRE_TIMER = 4;
export const ABORT_SIGNAL = 5;
export const RELEASE = 6;
export const NEXT_MESSAGE = 7;
export const READ_EXPORT = 8;
export const FORGET_TIMER = 9;
/** These three are given a value of the VM instead of text. */
export const ADOPT_NAMESPACE = 20;
export const ADOPT_PROMISE = 21;
export const DESCRIBE_ERROR = 22;

/** The file that the prelude's own frames have in a stack; they are left out of what scripts' errors show. */
export const PRELUDE_FILE = "turnwire:prelude";

/*
 * Messages out of a context, by their first character. What follows up to the first space is a number, then to the end
 * of the line details, then the text itself, raw, so that it is not escaped twice.
 */
export const MESSAGE_RESULT = "=";
export const MESSAGE_ERROR = "!";
export const MESSAGE_TOO_LONG = "%";
export const MESSAGE_HOST_CALL = "h";
export const MESSAGE_REF_CALL = "f";
/** Of a host call, that a signal among its arguments has fired. */
export const MESSAGE_ABORT = "a";
export const MESSAGE_TIMER = "t";
export const MESSAGE_CLEAR_TIMER = "x";
export const MESSAGE_CONSOLE = "c";
export const MESSAGE_LOADED = "l";
export const MESSAGE_LOAD_FAILED = "L";

/** Settings that the prelude reads. */
export interface PreludeSettings {
  /** Names of global functions that call the host. */
  readonly hosts: readonly string[];
  /** How many host calls and timers may be pending at once. */
  readonly maxPending: number;
  /** How many functions a script may have handed out at once. */
  readonly maxFunctions: number;
  /** Characters of one message. */
  readonly maxText: number;
}
