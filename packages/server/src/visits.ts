import { AmfObject } from '@millrace/protocol';
import type { Denial, Verdict } from './access/index.js';
import { Admission, type Admissions } from './admission/index.js';
import type { Admit, Visit, VisitOutcome, Visitor } from './http/index.js';
import type { Logger } from './log/index.js';

/** Viewers over HTTP, as who has a say knows clients: each connects, plays one stream, and goes. */
export function visits(admissions: Admissions, log: Logger): Admit {
  return (visitor) => {
    const { app, transport, address, tls, bearerToken } = visitor;
    const details = {
      app,
      query: visitor.query,
      tcUrl: visitor.url,
      pageUrl: visitor.referer,
      swfUrl: '',
      flashVer: visitor.userAgent,
      commandObject: new AmfObject(),
      args: [],
    };
    const peer = () => ({ transport, address, tls, bearerToken, close: () => visitor.close() });
    const opened = admissions.open(details, peer, log);
    if (opened === undefined) return { ok: true, visit: { end: () => undefined } };
    return opened instanceof Admission ? admit(opened, visitor) : refused(opened);
  };
}

function admit(admission: Admission, { name, query }: Visitor): VisitOutcome | Promise<VisitOutcome> {
  const request = { kind: 'play', streamName: name, query } as const;
  const play = (denied: Verdict): Verdict | Promise<Verdict> => {
    if (denied !== undefined) return denied;
    admission.accepted();
    return admission.play(request);
  };
  const outcome = (denied: Verdict): VisitOutcome => {
    if (denied === undefined) return { ok: true, visit: visitOf(admission) };
    admission.disconnected();
    return refused(denied);
  };
  const verdict = admission.connect();
  if (verdict instanceof Promise) return verdict.then(play).then(outcome);
  const played = play(verdict);
  return played instanceof Promise ? played.then(outcome) : outcome(played);
}

function visitOf(admission: Admission): Visit {
  let isOver = false;
  return {
    end() {
      if (isOver) return;
      isOver = true;
      admission.disconnected();
    },
  };
}

function refused({ kind, description, redirectUrl }: Denial): VisitOutcome {
  return { ok: false, kind, description, redirectUrl };
}
