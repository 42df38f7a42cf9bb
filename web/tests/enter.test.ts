import { beforeEach, describe, expect, it } from "vitest";
import { sendOnEnter } from "../src/chat/enter";

/** A text field as far as the keys see it; `text` is what stands in it. */
class Field extends EventTarget {
  text = "";
  sent: string[] = [];
  prevented = 0;
  called = 0;

  constructor() {
    super();
    sendOnEnter(this, () => {
      this.called += 1;
      if (this.text !== "") this.sent.push(this.text);
      this.text = "";
    });
  }

  tell(type: string, details: object = {}, at = 0): void {
    const event = Object.assign(new Event(type, { cancelable: true }), details);
    if (at) Object.defineProperty(event, "timeStamp", { value: at });
    this.dispatchEvent(event);
    if (event.defaultPrevented) this.prevented += 1;
  }

  composing(data: string): void {
    this.tell("compositionstart");
    this.tell("compositionupdate", { data });
  }
}

const ENTER = { key: "Enter", code: "Enter", keyCode: 13 };
const TAKEN = { key: "Process", code: "Enter", keyCode: 229, isComposing: true };
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
let field: Field;
beforeEach(() => {
  field = new Field();
});

describe("Enter", () => {
  it("sends once without an input method", async () => {
    field.text = "hello";
    field.tell("keydown", ENTER);
    await settled();
    expect(field.sent).toEqual(["hello"]);
    expect(field.prevented).toBe(1);
  });

  it("breaks the line with Shift, and sends nothing", async () => {
    field.text = "hello";
    field.tell("keydown", { ...ENTER, shiftKey: true });
    await settled();
    expect(field.sent).toEqual([]);
    expect(field.prevented).toBe(0);
  });

  it("held down sends once", async () => {
    field.text = "hello";
    field.tell("keydown", ENTER);
    field.tell("keydown", { ...ENTER, repeat: true });
    await settled();
    field.text = "typed meanwhile";
    field.tell("keydown", { ...ENTER, repeat: true });
    await settled();
    expect(field.sent).toEqual(["hello"]);
  });

  it("within a Hangul syllable ends it and sends once, with the syllable", async () => {
    field.text = "안녕하세";
    field.composing("요");
    field.tell("keydown", TAKEN);
    field.text = "안녕하세요";
    field.tell("compositionend", { data: "요" });
    await settled();
    expect(field.sent).toEqual(["안녕하세요"]);
  });

  it("that is told twice, within and after the syllable, sends once", async () => {
    field.composing("요");
    field.tell("keydown", TAKEN);
    field.text = "안녕하세요";
    field.tell("compositionend", { data: "요" });
    field.tell("keydown", ENTER);
    await settled();
    expect(field.sent).toEqual(["안녕하세요"]);
    expect(field.called).toBe(1);
  });

  it("in Safari's order, after the end of the syllable, sends once", async () => {
    field.composing("요");
    field.text = "안녕하세요";
    field.tell("compositionend", { data: "요" }, 1000);
    field.tell("keydown", { key: "Enter", code: "Enter", keyCode: 229, isComposing: false }, 1002);
    await settled();
    expect(field.sent).toEqual(["안녕하세요"]);
  });

  it.each([
    ["Japanese", "日本"],
    ["Chinese", "你好"],
  ])("confirms a %s candidate and sends only the next time", async (_, data) => {
    field.composing(data);
    field.tell("keydown", TAKEN);
    field.text = data;
    field.tell("compositionend", { data });
    await settled();
    expect(field.sent).toEqual([]);
    expect(field.prevented).toBe(0);
    field.tell("keydown", ENTER);
    await settled();
    expect(field.sent).toEqual([data]);
  });

  it("in Safari's order confirms a Japanese candidate", async () => {
    field.composing("日本");
    field.text = "日本";
    field.tell("compositionend", { data: "日本" }, 1000);
    field.tell("keydown", { ...ENTER, keyCode: 229 }, 1002);
    await settled();
    expect(field.sent).toEqual([]);
  });

  it("takes the line break that a browser adds of its own accord", async () => {
    field.composing("요");
    field.tell("keydown", TAKEN);
    field.tell("beforeinput", { inputType: "insertLineBreak" });
    expect(field.prevented).toBe(2);
  });

  it("is forgotten when another key follows within the syllable", async () => {
    field.composing("요");
    field.tell("keydown", TAKEN);
    field.tell("keydown", { key: "Process", code: "KeyA", keyCode: 229, isComposing: true });
    field.text = "안녕하세요";
    field.tell("compositionend", { data: "요" });
    await settled();
    expect(field.sent).toEqual([]);
  });
});
