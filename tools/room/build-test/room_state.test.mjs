// src/room_state.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";

// src/room_state.ts
function emptyState() {
  return {
    self: "",
    resumeToken: "",
    participants: /* @__PURE__ */ new Map(),
    dominant: "",
    speaking: /* @__PURE__ */ new Set(),
    slots: /* @__PURE__ */ new Map()
  };
}
function applyRoster(state, update2) {
  const participants = update2.complete ? /* @__PURE__ */ new Map() : new Map(state.participants);
  for (const participant of update2.participants) {
    participants.set(participant.id, participant);
  }
  for (const id of update2.left) participants.delete(id);
  return {
    ...state,
    self: update2.self || state.self,
    resumeToken: update2.resume || state.resumeToken,
    participants
  };
}
function applySpeakers(state, dominant, speaking) {
  return { ...state, dominant, speaking: new Set(speaking) };
}
function applySlots(state, slots) {
  const filled = slots.filter((slot) => slot.source !== "");
  return {
    ...state,
    slots: new Map(filled.map((slot) => [slot.content, slot.source]))
  };
}
function contentOf(state, source) {
  for (const [content, shown] of state.slots) {
    if (shown === source) return content;
  }
  return "";
}
function tilesOf(state) {
  const tiles = [];
  for (const participant of state.participants.values()) {
    const self = participant.id === state.self;
    const audio = participant.sources.find((source) => source.kind === "audio");
    const camera = participant.sources.find(
      (source) => source.kind === "video" && source.type === "camera"
    );
    const base = {
      participant: participant.id,
      name: participant.name,
      self,
      away: participant.away,
      speaking: state.speaking.has(participant.id),
      dominant: state.dominant === participant.id,
      audioMuted: audio === void 0 || audio.muted
    };
    const cameraOn = camera !== void 0 && !camera.muted;
    tiles.push({
      ...base,
      key: participant.id,
      screen: false,
      source: cameraOn ? camera.id : "",
      content: cameraOn ? contentOf(state, camera.id) : ""
    });
    for (const screen of participant.sources) {
      if (screen.kind !== "video" || screen.type !== "screen" || screen.muted) continue;
      tiles.push({
        ...base,
        key: screen.id,
        screen: true,
        source: screen.id,
        content: contentOf(state, screen.id)
      });
    }
  }
  const rank = (tile) => tile.screen ? 0 : tile.self ? 2 : 1;
  return tiles.sort((a, b) => rank(a) - rank(b));
}
function stageOf(tiles, pinned) {
  if (tiles.some((tile) => tile.key === pinned)) return pinned;
  return tiles.find((tile) => tile.screen && !tile.self)?.key ?? "";
}
function expectsMedia(state) {
  for (const participant of state.participants.values()) {
    if (participant.id === state.self || participant.away) continue;
    if (participant.sources.some((source) => !source.muted)) return true;
  }
  return false;
}

// src/room_state.test.ts
function person(id, videoMuted = false) {
  return {
    id,
    name: id.toUpperCase(),
    away: false,
    sources: [
      { id: `${id}-a0`, kind: "audio", type: "microphone", muted: false },
      { id: `${id}-v0`, kind: "video", type: "camera", muted: videoMuted },
      { id: `${id}-v1`, kind: "video", type: "screen", muted: true }
    ]
  };
}
function update(change) {
  return { complete: false, self: "", resume: "", participants: [], left: [], ...change };
}
function roomOf(...ids) {
  return applyRoster(
    emptyState(),
    update({ complete: true, self: ids[0], resume: "r", participants: ids.map((id) => person(id)) })
  );
}
test("a complete roster replaces, a partial one changes", () => {
  let state = roomOf("a", "b");
  state = applyRoster(state, update({ participants: [person("c")], left: ["b"] }));
  assert.deepEqual([...state.participants.keys()], ["a", "c"]);
  assert.equal(state.self, "a");
  assert.equal(state.resumeToken, "r");
  state = applyRoster(state, update({ complete: true, self: "a", participants: [person("a")] }));
  assert.deepEqual([...state.participants.keys()], ["a"]);
});
test("a tile shows the content whose slot carries its camera", () => {
  const state = applySlots(roomOf("a", "b", "c"), [
    { content: "1", source: "c-v0" },
    { content: "5", source: "" }
  ]);
  const tiles = tilesOf(state);
  assert.equal(tiles.find((tile) => tile.key === "c")?.content, "1");
  assert.equal(tiles.find((tile) => tile.key === "b")?.content, "");
  assert.equal(tiles.at(-1)?.key, "a", "oneself comes last");
});
test("a muted camera has no picture even while its slot is still mapped", () => {
  let state = applySlots(roomOf("a", "b"), [{ content: "1", source: "b-v0" }]);
  state = applyRoster(state, update({ participants: [person("b", true)] }));
  assert.equal(tilesOf(state).find((tile) => tile.key === "b")?.content, "");
});
test("a shared screen is a tile of its own, first, and on the stage", () => {
  let state = roomOf("a", "b");
  const sharing = person("b");
  sharing.sources[2].muted = false;
  state = applyRoster(state, update({ participants: [sharing] }));
  const tiles = tilesOf(state);
  assert.equal(tiles[0].key, "b-v1");
  assert.equal(stageOf(tiles, ""), "b-v1");
  assert.equal(stageOf(tiles, "b"), "b", "a pin wins");
  assert.equal(stageOf(tiles, "gone"), "b-v1", "a pin of one who left does not");
});
test("speakers are marked", () => {
  const tiles = tilesOf(applySpeakers(roomOf("a", "b"), "b", ["b"]));
  const b = tiles.find((tile) => tile.key === "b");
  assert.equal(b?.speaking && b.dominant, true);
  assert.equal(tiles.find((tile) => tile.key === "a")?.speaking, false);
});
test("media is expected of others who are there and not muted", () => {
  assert.equal(expectsMedia(roomOf("a")), false);
  assert.equal(expectsMedia(roomOf("a", "b")), true);
  const away = { ...person("b"), away: true };
  assert.equal(expectsMedia(applyRoster(roomOf("a"), update({ participants: [away] }))), false);
});
