// SPDX-License-Identifier: GPL-3.0-or-later
// The XML of urn:carillon:room:0 (docs/room-protocol.md).
import type { Participant, RosterUpdate, Source } from './room_state.ts';

export const ROOM_NS = 'urn:carillon:room:0';

export type RoomMessage =
  | { kind: 'roster'; update: RosterUpdate }
  | { kind: 'speakers'; dominant: string; speaking: string[] }
  | { kind: 'slots'; slots: Array<{ content: string; source: string }> };

function children(element: Element, name: string): Element[] {
  return [...element.children].filter((child) => child.localName === name);
}

function text(element: Element, attribute: string): string {
  return element.getAttribute(attribute) ?? '';
}

function readSource(element: Element): Source {
  return {
    id: text(element, 'id'),
    kind: text(element, 'kind') === 'audio' ? 'audio' : 'video',
    type: text(element, 'type') as Source['type'],
    muted: text(element, 'muted') === 'true',
  };
}

function readParticipant(element: Element): Participant {
  return {
    id: text(element, 'id'),
    name: text(element, 'name'),
    away: text(element, 'away') === 'true',
    denied: text(element, 'denied').split(' ').filter(Boolean),
    sources: children(element, 'source').map(readSource),
  };
}

// What a message stanza says about the room; nothing if it is about something
// else.
export function readRoomMessage(stanza: Element): RoomMessage | undefined {
  const payload = [...stanza.children].find((child) => child.namespaceURI === ROOM_NS);
  switch (payload?.localName) {
    case 'roster':
      return {
        kind: 'roster',
        update: {
          complete: text(payload, 'complete') === 'true',
          self: text(payload, 'self'),
          resume: text(payload, 'resume'),
          participants: children(payload, 'participant').map(readParticipant),
          left: children(payload, 'left').map((element) => text(element, 'id')),
        },
      };
    case 'speakers':
      return {
        kind: 'speakers',
        dominant: text(payload, 'dominant'),
        speaking: children(payload, 'speaker').map((element) => text(element, 'id')),
      };
    case 'slots':
      return {
        kind: 'slots',
        slots: children(payload, 'slot').map((element) => ({
          content: text(element, 'content'),
          source: text(element, 'source'),
        })),
      };
  }
  return undefined;
}

export function element(
  name: string,
  attributes: Record<string, string>,
  content: Node[] = [],
  ns = ROOM_NS,
): Element {
  const node = document.implementation.createDocument(ns, name).documentElement;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...content);
  return node;
}
