// A chat: clients join a room, everybody in it gets what is said.
//   millrace serve --app examples/chat.js
// Clients connect to rtmp://HOST/chat/ROOM, call join(name), then say(text). They are called back: onJoin(name),
// onSay(name, text), onLeave(name).
import { defineApp, reject } from 'millrace';

const maxTextLength = 500;
const historyLength = 20;

/**
 * @typedef {import('millrace').AppClient} AppClient
 * @typedef {{ members: Map<AppClient, string>, history: { name: string, text: string }[] }} Room
 */

/** @type {Map<string, Room>} */
const rooms = new Map();

/**
 * @param {AppClient} client
 * @returns {Room}
 */
function roomOf(client) {
  const room = rooms.get(client.app) ?? { members: new Map(), history: [] };
  rooms.set(client.app, room);
  return room;
}

/**
 * @param {Room} room
 * @param {string} method
 * @param {string[]} args
 */
function tell(room, method, ...args) {
  for (const member of room.members.keys()) member.send(method, args);
}

export default defineApp({
  name: 'chat',

  procedures: {
    // The arguments come from the network: they can be anything.
    join(client, name) {
      if (typeof name !== 'string' || !/^\S{1,30}$/.test(name)) throw reject('A name is 1 to 30 letters.');
      const room = roomOf(client);
      if (room.members.has(client)) throw reject('You are in already.');
      if ([...room.members.values()].includes(name)) throw reject(`${name} is taken.`);
      tell(room, 'onJoin', name);
      room.members.set(client, name);
      return { members: [...room.members.values()], history: room.history };
    },

    say(client, text) {
      const room = roomOf(client);
      const name = room.members.get(client);
      if (name === undefined) throw reject('Join first.');
      if (typeof text !== 'string' || text.length > maxTextLength) throw reject('That is no text, or too long.');
      room.history.push({ name, text });
      if (room.history.length > historyLength) room.history.shift();
      tell(room, 'onSay', name, text);
    },
  },

  onDisconnect(client) {
    const room = rooms.get(client.app);
    const name = room?.members.get(client);
    if (room === undefined) return;
    room.members.delete(client);
    if (name !== undefined) tell(room, 'onLeave', name);
    if (room.members.size === 0) rooms.delete(client.app);
  },
});
