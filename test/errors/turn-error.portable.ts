import { isTurnError, isTurnErrorCode, TurnError } from "../../src/errors.ts";
import type { PortableSuite } from "../support/test-api.ts";

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("TurnError", () => {
    it("takes status and retryable from its code", () => {
      const error = new TurnError("session-busy", "Another turn runs");
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: "TurnError", code: "session-busy", status: 409, retryable: true });
      expect(error.message).toBe("Another turn runs");
    });

    it("keeps its cause, and has none when none was given", () => {
      const cause = new Error("socket closed");
      expect(new TurnError("connection-lost", "Lost", { cause }).cause).toBe(cause);
      expect("cause" in new TurnError("connection-lost", "Lost")).toBe(false);
    });

    it("lets one error differ from its code in whether to try again", () => {
      expect(new TurnError("closed", "For good", { retryable: false }).retryable).toBe(false);
    });

    it("shows nothing but its own fields when listed", () => {
      expect(Object.keys(new TurnError("closed", "Closed")).sort()).toEqual(["code", "name", "retryable", "status"]);
    });
  });

  describe("isTurnError", () => {
    it("recognises an error of another copy of the library by its brand", () => {
      const foreign = Object.assign(new Error("Closed"), { code: "closed" });
      Object.defineProperty(foreign, Symbol.for("turnwire.TurnError"), { value: true });
      expect(isTurnError(foreign)).toBe(true);
      expect(isTurnError(foreign, "closed")).toBe(true);
      expect(isTurnError(foreign, "session-busy")).toBe(false);
    });

    it("refuses everything else", () => {
      for (const value of [undefined, null, "closed", new Error("closed"), { code: "closed" }, () => undefined]) {
        expect(isTurnError(value)).toBe(false);
      }
    });
  });

  describe("isTurnErrorCode", () => {
    it("knows the codes of the table and no inherited name", () => {
      expect(isTurnErrorCode("cursor-gap")).toBe(true);
      for (const value of ["toString", "__proto__", "", 409, undefined]) expect(isTurnErrorCode(value)).toBe(false);
    });
  });
};

export default suite;
