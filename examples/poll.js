// A poll beside a stream: viewers vote, everybody sees the count change.
//   millrace serve --app examples/poll.js
// Clients connect to rtmp://HOST/live and call poll.get() and poll.vote(option). They are called back: onPoll(poll).
// Whoever connects from this machine may also call poll.open(question, options).
import { defineApp, reject } from 'millrace';

/** @typedef {import('millrace').AppClient} AppClient */

/** @type {Set<AppClient>} */
const clients = new Set();

let question = 'Is the picture good?';
let options = ['yes', 'no'];
/** @type {Map<string, string>} The last vote of each address. */
let votes = new Map();

function poll() {
  const counts = options.map((option) => [...votes.values()].filter((vote) => vote === option).length);
  return { question, options, counts };
}

function tellAll() {
  for (const client of clients) client.send('onPoll', [poll()]);
}

export default defineApp({
  onConnect(client) {
    clients.add(client);
  },

  onDisconnect(client) {
    clients.delete(client);
  },

  procedures: {
    'poll.get': () => poll(),

    'poll.vote'(client, option) {
      if (typeof option !== 'string' || !options.includes(option))
        throw reject(`Vote for one of: ${options.join(', ')}.`);
      votes.set(client.address, option);
      tellAll();
      return poll();
    },

    'poll.open'(client, text, choices) {
      if (client.address !== '127.0.0.1' && client.address !== '::1') {
        throw reject('Only from this machine.', 'NetConnection.Call.Prohibited');
      }
      const names = Array.isArray(choices) ? choices.filter((choice) => typeof choice === 'string') : [];
      if (typeof text !== 'string' || names.length < 2) throw reject('A question and at least two options.');
      question = text;
      options = names;
      votes = new Map();
      tellAll();
      return poll();
    },
  },
});
