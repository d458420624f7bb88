// SPDX-License-Identifier: GPL-3.0-or-later
// What the room told us (docs/room-protocol.md), and what follows from it for
// the screen. Pure: no DOM, no network.

export interface Source {
  id: string;
  kind: 'audio' | 'video';
  type: 'microphone' | 'camera' | 'screen';
  muted: boolean;
}

export interface Participant {
  id: string;
  name: string;
  away: boolean;
  denied: string[]; // what a moderator does not let it send: 'audio', 'video'
  sources: Source[];
}

export interface RoomState {
  self: string;
  resumeToken: string;
  participants: Map<string, Participant>;
  dominant: string;
  speaking: Set<string>;
  // Content name -> source id, for slots that show something.
  slots: Map<string, string>;
}

export function emptyState(): RoomState {
  return {
    self: '',
    resumeToken: '',
    participants: new Map(),
    dominant: '',
    speaking: new Set(),
    slots: new Map(),
  };
}

export interface RosterUpdate {
  complete: boolean;
  self: string;
  resume: string;
  participants: Participant[];
  left: string[];
}

export function applyRoster(state: RoomState, update: RosterUpdate): RoomState {
  const participants = update.complete
    ? new Map<string, Participant>()
    : new Map(state.participants);
  for (const participant of update.participants) {
    participants.set(participant.id, participant);
  }
  for (const id of update.left) participants.delete(id);
  return {
    ...state,
    self: update.self || state.self,
    resumeToken: update.resume || state.resumeToken,
    participants,
  };
}

export function applySpeakers(
  state: RoomState,
  dominant: string,
  speaking: string[],
): RoomState {
  return { ...state, dominant, speaking: new Set(speaking) };
}

export function applySlots(
  state: RoomState,
  slots: Array<{ content: string; source: string }>,
): RoomState {
  const filled = slots.filter((slot) => slot.source !== '');
  return {
    ...state,
    slots: new Map(filled.map((slot) => [slot.content, slot.source])),
  };
}

// One picture on the screen: a participant, or a screen that is shared.
export interface Tile {
  key: string; // participant id, or the screen's source id
  participant: string;
  name: string;
  self: boolean;
  screen: boolean;
  away: boolean;
  speaking: boolean;
  dominant: boolean;
  audioMuted: boolean;
  moderated: boolean; // muted by a moderator
  // What to show: the content that a slot arrives on, '' for none.
  content: string;
  source: string; // its video source, '' if there is none
}

function contentOf(state: RoomState, source: string): string {
  for (const [content, shown] of state.slots) {
    if (shown === source) return content;
  }
  return '';
}

export function tilesOf(state: RoomState): Tile[] {
  const tiles: Tile[] = [];
  for (const participant of state.participants.values()) {
    const self = participant.id === state.self;
    const audio = participant.sources.find((source) => source.kind === 'audio');
    const camera = participant.sources.find(
      (source) => source.kind === 'video' && source.type === 'camera',
    );
    const base = {
      participant: participant.id,
      name: participant.name,
      self,
      away: participant.away,
      speaking: state.speaking.has(participant.id),
      dominant: state.dominant === participant.id,
      audioMuted: audio === undefined || audio.muted,
      moderated: participant.denied.includes('audio'),
    };
    const cameraOn = camera !== undefined && !camera.muted;
    tiles.push({
      ...base,
      key: participant.id,
      screen: false,
      source: cameraOn ? camera.id : '',
      content: cameraOn ? contentOf(state, camera.id) : '',
    });
    for (const screen of participant.sources) {
      if (screen.kind !== 'video' || screen.type !== 'screen' || screen.muted) continue;
      tiles.push({
        ...base,
        key: screen.id,
        screen: true,
        source: screen.id,
        content: contentOf(state, screen.id),
      });
    }
  }
  // Screens first, oneself last, the others as they came.
  const rank = (tile: Tile): number => (tile.screen ? 0 : tile.self ? 2 : 1);
  return tiles.sort((a, b) => rank(a) - rank(b));
}

// Which tile is large, '' for none: what was pinned, else a shared screen.
export function stageOf(tiles: Tile[], pinned: string): string {
  if (tiles.some((tile) => tile.key === pinned)) return pinned;
  return tiles.find((tile) => tile.screen && !tile.self)?.key ?? '';
}

// What a moderator does not let us send.
export function deniedToUs(state: RoomState): Set<string> {
  return new Set(state.participants.get(state.self)?.denied);
}

// Whether somebody else sends what we should receive.
export function expectsMedia(state: RoomState): boolean {
  for (const participant of state.participants.values()) {
    if (participant.id === state.self || participant.away) continue;
    if (participant.sources.some((source) => !source.muted)) return true;
  }
  return false;
}
