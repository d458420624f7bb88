// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyRoster,
  applySlots,
  applySpeakers,
  deniedToUs,
  emptyState,
  expectsMedia,
  stageOf,
  tilesOf,
  type Participant,
  type RosterUpdate,
} from './room_state.ts';

function person(id: string, videoMuted = false): Participant {
  return {
    id,
    name: id.toUpperCase(),
    away: false,
    denied: [],
    sources: [
      { id: `${id}-a0`, kind: 'audio', type: 'microphone', muted: false },
      { id: `${id}-v0`, kind: 'video', type: 'camera', muted: videoMuted },
      { id: `${id}-v1`, kind: 'video', type: 'screen', muted: true },
    ],
  };
}

function update(change: Partial<RosterUpdate>): RosterUpdate {
  return { complete: false, self: '', resume: '', participants: [], left: [], ...change };
}

function roomOf(...ids: string[]) {
  return applyRoster(
    emptyState(),
    update({ complete: true, self: ids[0], resume: 'r', participants: ids.map((id) => person(id)) }),
  );
}

test('a complete roster replaces, a partial one changes', () => {
  let state = roomOf('a', 'b');
  state = applyRoster(state, update({ participants: [person('c')], left: ['b'] }));
  assert.deepEqual([...state.participants.keys()], ['a', 'c']);
  assert.equal(state.self, 'a');
  assert.equal(state.resumeToken, 'r');
  state = applyRoster(state, update({ complete: true, self: 'a', participants: [person('a')] }));
  assert.deepEqual([...state.participants.keys()], ['a']);
});

test('a tile shows the content whose slot carries its camera', () => {
  const state = applySlots(roomOf('a', 'b', 'c'), [
    { content: '1', source: 'c-v0' },
    { content: '5', source: '' },
  ]);
  const tiles = tilesOf(state);
  assert.equal(tiles.find((tile) => tile.key === 'c')?.content, '1');
  assert.equal(tiles.find((tile) => tile.key === 'b')?.content, '');
  assert.equal(tiles.at(-1)?.key, 'a', 'oneself comes last');
});

test('a muted camera has no picture even while its slot is still mapped', () => {
  let state = applySlots(roomOf('a', 'b'), [{ content: '1', source: 'b-v0' }]);
  state = applyRoster(state, update({ participants: [person('b', true)] }));
  assert.equal(tilesOf(state).find((tile) => tile.key === 'b')?.content, '');
});

test('a shared screen is a tile of its own, first, and on the stage', () => {
  let state = roomOf('a', 'b');
  const sharing = person('b');
  sharing.sources[2].muted = false;
  state = applyRoster(state, update({ participants: [sharing] }));
  const tiles = tilesOf(state);
  assert.equal(tiles[0].key, 'b-v1');
  assert.equal(stageOf(tiles, ''), 'b-v1');
  assert.equal(stageOf(tiles, 'b'), 'b', 'a pin wins');
  assert.equal(stageOf(tiles, 'gone'), 'b-v1', 'a pin of one who left does not');
});

test('speakers are marked', () => {
  const tiles = tilesOf(applySpeakers(roomOf('a', 'b'), 'b', ['b']));
  const b = tiles.find((tile) => tile.key === 'b');
  assert.equal(b?.speaking && b.dominant, true);
  assert.equal(tiles.find((tile) => tile.key === 'a')?.speaking, false);
});

test('media is expected of others who are there and not muted', () => {
  assert.equal(expectsMedia(roomOf('a')), false);
  assert.equal(expectsMedia(roomOf('a', 'b')), true);
  const away = { ...person('b'), away: true };
  assert.equal(expectsMedia(applyRoster(roomOf('a'), update({ participants: [away] }))), false);
});

test('what a moderator denies is known, of oneself and on the tiles of others', () => {
  const state = applyRoster(roomOf('a', 'b'), update({
    participants: [
      { ...person('a'), denied: ['audio', 'video'], sources: [] },
      { ...person('b'), denied: ['audio'] },
    ],
  }));
  assert.deepEqual([...deniedToUs(state)], ['audio', 'video']);
  assert.equal(tilesOf(state).find((tile) => tile.key === 'b')?.moderated, true);
  assert.deepEqual([...deniedToUs(emptyState())], []);
});
