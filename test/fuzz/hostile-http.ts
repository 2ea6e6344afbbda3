/** Requests that an attacker would send, as bytes. */
import fc from 'fast-check';

export interface HostileRequest {
  /** What is sent, a character per byte. */
  bytes: string;
  /** Whether it is one valid request: the client waits for the answer, which must come. */
  isWhole: boolean;
  /** Otherwise the client leaves after this time, whatever has come back. */
  leavesAfterMs: number;
}

export interface Facts {
  /** Of a finished task. */
  taskId: string;
  /** The secret of the key whose task it is. */
  secret: string;
}

/** What regular expressions and hand-written parsers stumble over, in the length of a whole header. */
const repeated = fc
  .tuple(
    fc.constantFrom(
      ...[' ', '\t', ',', ';', '"', '\\', '=', '-', 'a', '0', '[', '(', '%', '%41', 'W/', '"a",', ', ', ' ,'],
      ...[
        ';q=0',
        '.',
        ':',
        '::',
        '/',
        '../',
        '\xff',
        '1,',
        '=;',
        '&a',
        '*',
        '{',
        "'",
        '--',
        '_',
        'a-',
        ';a=b',
      ],
    ),
    fc.constantFrom(1, 60, 4_000, 14_000),
    fc.constantFrom('', 'x', '"', '!', '0'),
  )
  .map(([unit, length, end]) => unit.repeat(Math.ceil(length / unit.length)) + end);

const text = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});

const value = fc.oneof(
  text,
  repeated,
  fc
    .tuple(
      fc.constantFrom(
        ...[
          'bytes=',
          'bytes=0-',
          'wait=',
          'Bearer ',
          'Basic ',
          'W/"',
          'q=',
          '00-',
          'text/html;',
          'gzip;',
          '[',
        ],
        ...['multipart/form-data; boundary=', 'multipart/form-data;', 'application/json;', 'chunked, ', '"'],
      ),
      repeated,
    )
    .map((parts) => parts.join('')),
  fc.constantFrom(
    ...[
      'bytes=0-3',
      'bytes=-0',
      'bytes=99999999999999999999-',
      'bytes=0-0,2-2',
      'Wed, 21 Oct 2015 07:28:00 GMT',
      'null',
    ],
    ...[
      'a:b@x',
      'localhost:99999',
      '[::',
      '[::1]:x',
      'localhost/%',
      'evil.example',
      '203.0.113.7:51234',
      '*',
    ],
    ...['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '__proto__', 'constructor', 'cross-site'],
    ...['100-continue', 'identity', 'application/json', 'application/x-www-form-urlencoded', '-1', '1e9'],
  ),
);

const headerName = fc.constantFrom(
  ...[
    'Range',
    'If-Range',
    'If-None-Match',
    'If-Modified-Since',
    'Accept',
    'Accept-Language',
    'Accept-Encoding',
  ],
  ...[
    'Cookie',
    'traceparent',
    'tracestate',
    'baggage',
    'Prefer',
    'Idempotency-Key',
    'Last-Event-ID',
    'Origin',
  ],
  ...['X-Forwarded-For', 'X-Forwarded-Host', 'Forwarded', 'Content-Type', 'Sec-Fetch-Site', 'X-Request-Id'],
  ...['Access-Control-Request-Method', 'Access-Control-Request-Headers', 'Referer', 'User-Agent', 'Via'],
  ...['__proto__', 'constructor', 'Content-Encoding', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'],
);
/** These decide about the connection itself, so the answer may be anything. */
const framingName = fc.constantFrom(
  ...['Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Upgrade', 'Expect', 'TE', 'Trailer'],
  ...['Keep-Alive', 'HTTP2-Settings', 'Authorization'],
);

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ...[
          'since',
          'wait',
          'tasks',
          'expires',
          'signature',
          'cursor',
          'limit',
          'state',
          'task_id',
          'search',
        ],
        ...['__proto__', 'constructor', 'status', 'from', 'x'],
      ),
      fc.oneof(
        fc.constantFrom('', '1', '-1', 'T', 'T:1,T:2', '1e9', '%00', '%', '%ff', '%F0%9F%98%80', '__proto__'),
        repeated.map((long) => encodeURIComponent(long.slice(0, 4_000))),
        text.map(encodeURIComponent),
      ),
    ),
    { maxLength: 4 },
  )
  // No request may wait for long here.
  .map((pairs) => pairs.map(([name, one]) => (name === 'wait' ? 'wait=0' : `${name}=${one}`)).join('&'));

/** Every route, each with a method that it has. T is a task that has ended, U one that does not exist. */
const route = fc.constantFrom(
  ...['GET /', 'GET /health', 'GET /health/live', 'GET /health/ready', 'GET /metrics', 'GET /openapi.json'],
  ...[
    'GET /docs',
    'GET /api/info',
    'GET /api/gpu',
    'GET /api/queues',
    'GET /api/d-id/health',
    'GET /watch/T',
  ],
  ...['GET /watch/U', 'GET /api/pipeline/tasks', 'GET /api/pipeline/status/T', 'GET /api/pipeline/status/U'],
  ...['GET /api/pipeline/progress', 'GET /api/pipeline/progress/T', 'GET /api/pipeline/progress/T/events'],
  ...[
    'GET /api/pipeline/progress/U/events',
    'GET /api/pipeline/tasks/T/video',
    'HEAD /api/pipeline/tasks/T/video',
  ],
  ...[
    'GET /api/pipeline/tasks/T/thumbnail',
    'GET /api/pipeline/tasks/T/photo',
    'GET /api/pipeline/tasks/T/preview',
  ],
  ...[
    'GET /api/pipeline/tasks/T/timeline',
    'GET /api/pipeline/tasks/U/video',
    'POST /api/pipeline/tasks/T/links',
  ],
  ...[
    'PUT /api/pipeline/tasks/T/name',
    'POST /api/pipeline/tasks/T/person',
    'POST /api/pipeline/tasks/T/retry',
  ],
  ...[
    'POST /api/pipeline/tasks/T/cancel',
    'POST /api/pipeline/tasks/U/cancel',
    'DELETE /api/pipeline/tasks/U',
  ],
  ...['PUT /api/pipeline/tasks/T', 'PUT /api/pipeline/tasks/U', 'POST /api/pipeline/generate'],
  ...['POST /api/pipeline/generate', 'POST /api/pipeline/previews', 'GET /api/pipeline/previews/U/cutout'],
  ...['GET /api/pipeline/previews/U/faces/1', 'GET /api/pipeline/usage', 'GET /api/webhooks/deliveries'],
  ...[
    'POST /api/webhooks/deliveries/U/send',
    'GET /api/webhooks/secrets',
    'POST /api/webhooks/secrets/rotate',
  ],
  ...['POST /api/webhooks/d-id/guess', 'OPTIONS /api/pipeline/generate'],
);
const oddPath = fc.oneof(
  repeated.map((long) => `/api/pipeline/tasks/${encodeURIComponent(long)}/video`),
  fc
    .tuple(
      fc.constantFrom('/', '/api/', '/api/pipeline/status/', '/watch/', '/assets/', '/api/webhooks/'),
      text,
    )
    .map(([start, rest]) => start + rest.replaceAll(' ', '')),
);
const oddTarget = fc.constantFrom(
  ...['*', '//evil/x', '/\\..\\x', '/%00', '/%', '/..%2f..%2fetc/passwd', 'http://a:b@x/api/info', 'x'],
  ...['http://localhost/health/live', '/api/pipeline/progress/%ff', '/?#/api', '/api/info?%', 'ftp://x/'],
);

const oddMethod = fc.constantFrom(
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'M-SEARCH',
);
/** A method and a path, which mostly fit. */
const aim = fc.oneof(
  { weight: 8, arbitrary: route.map((one) => one.split(' ') as [string, string]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(oddMethod, route)
      .map(([method, one]): [string, string] => [method, one.split(' ')[1]!]),
  },
  { weight: 1, arbitrary: fc.tuple(oddMethod, oddPath) },
);

const json = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    ...[
      '{"__proto__":{"name":"x"}}',
      '{"name":"x","__proto__":1}',
      '{"name":{"toString":1}}',
      '{"person":1e400}',
    ],
    ...[
      '{"name":"\\ud800"}',
      '{"name":"a\\u0000"}',
      '{"constructor":{"prototype":{}}}',
      '[]',
      'null',
      '"',
      '{',
    ],
    ...['{"name":"video","expires_in_s":-1}', '{"overlap_s":1e9}', '{"task_id":"constructor"}'],
  ),
  fc.constantFrom('[', '{"a":', '"', '1', '\\', ' ').map((unit) => unit.repeat(100_000 / unit.length)),
);

const fieldName = fc.oneof(
  fc.constantFrom(
    ...['image', 'audio', 'background_image', 'name', 'persons', 'apply_smoothing', 'priority', 'image_url'],
    ...['webhook_url', 'background', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''],
  ),
  text,
);
const part = fc.oneof(
  fc
    .tuple(
      fieldName,
      fc.oneof(text, fc.constantFrom('constructor', '__proto__', 'true', '\x89PNG\r\n\x1a\n', 'RIFF')),
    )
    .map(([name, one]) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${one}`),
  fc
    .tuple(fieldName, value)
    .map(([name, one]) => `Content-Disposition: form-data; name="${name}"; filename="${one}"\r\n\r\nx`),
  fc
    .tuple(fc.constantFrom('Content-Disposition', 'Content-Type', '__proto__', 'X', ''), value)
    .map(([name, one]) => `${name}: ${one}\r\n\r\n`),
  fc.constantFrom('\r\n', '', '\r\n\r\n', ': \r\n\r\n', 'Content-Disposition: form-data\r\n\r\nx'),
);
const form = fc
  .tuple(
    fc.constantFrom('b', '----b', 'x'.repeat(70), 'x'.repeat(200)),
    fc.oneof(
      fc.array(part, { maxLength: 6 }),
      // As many as 100 kB hold.
      part.map((one) => Array<string>(Math.ceil(100_000 / (one.length + 8))).fill(one)),
    ),
    fc.boolean(),
  )
  .map(([boundary, parts, hasEnd]) => ({
    type: `multipart/form-data; boundary=${boundary}`,
    body: `${parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('')}${hasEnd ? `--${boundary}--\r\n` : ''}`,
  }));

const body = fc.oneof(
  fc.constant(undefined),
  fc
    .tuple(json, fc.constantFrom('application/json', 'application/problem+json', 'text/plain'))
    .map(([body, type]) => ({
      type,
      body,
    })),
  form,
);

/** A head whose body, if it has one, has the right length. */
const whole = (facts: Facts): fc.Arbitrary<HostileRequest> =>
  fc
    .record({
      aim,
      query,
      headers: fc.array(fc.tuple(headerName, value), { maxLength: 2 }),
      hasKey: fc.integer({ min: 0, max: 9 }).map((dice) => dice > 0),
      body,
    })
    .map(({ aim: [method, path], query, headers, hasKey, body }) => {
      const target = fill(path + (query && `?${query}`), facts);
      // The task must be there for the other requests.
      const asked = method === 'DELETE' && target.includes(facts.taskId) ? 'GET' : method;
      const sent = asked === 'POST' || asked === 'PUT' ? body : undefined;
      const fields = [
        'Host: localhost',
        ...(hasKey ? [`Authorization: Bearer ${facts.secret}`] : []),
        ...headers.map(([name, one]) => `${name}: ${one}`),
        ...(sent ? [`Content-Type: ${sent.type}`, `Content-Length: ${sent.body.length}`] : []),
      ];
      return {
        bytes: `${asked} ${target} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${sent?.body ?? ''}`,
        isWhole: true,
        leavesAfterMs: 0,
      };
    });

/** What no client would send: framing that contradicts itself, half requests, many at once, no HTTP at all. */
const broken = (facts: Facts): fc.Arbitrary<HostileRequest> =>
  fc
    .tuple(
      fc.oneof(
        fc
          .tuple(whole(facts), framingName, value)
          .map(([{ bytes }, name, one]) => bytes.replace('\r\n', `\r\n${name}: ${one}\r\n`)),
        fc
          .tuple(oddTarget, oddMethod, fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'ICY', ''))
          .map(([target, method, version]) => `${method} ${target} ${version}\r\nHost: localhost\r\n\r\n`),
        fc.tuple(whole(facts), fc.nat(400)).map(([{ bytes }, at]) => bytes.slice(0, at)),
        fc.tuple(whole(facts), fc.nat(400), text).map(([{ bytes }, at, noise]) => {
          return bytes.slice(0, at) + noise + bytes.slice(at + 1);
        }),
        fc
          .tuple(whole(facts), fc.constantFrom(2, 10, 60))
          .map(([{ bytes }, times]) => bytes.slice(0, 2_000).repeat(times)),
        chunked(facts),
        text,
      ),
      fc.constantFrom(0, 1, 20),
    )
    .map(([bytes, leavesAfterMs]) => ({ bytes, isWhole: false, leavesAfterMs }));

/** Bodies in chunks of every kind, with one byte each too. */
const chunked = (facts: Facts): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('/api/pipeline/generate', '/api/pipeline/tasks/T/name', '/api/pipeline/previews'),
      fc.oneof(
        form,
        json.map((body) => ({ type: 'application/json', body })),
      ),
      fc.constantFrom('1', '7fffffffffffffff', '-1', '0x10', `5;${'a'.repeat(4_000)}`, 'g', ''),
      fc.boolean(),
    )
    .map(([path, { type, body }, size, isValid]) => {
      const bytes = body.slice(0, 8_000);
      const chunks = isValid
        ? [...bytes].map((one) => `1\r\n${one}\r\n`).join('')
        : `${size}\r\n${bytes.slice(0, 100)}\r\n`;
      const fields = [
        'Host: localhost',
        `Authorization: Bearer ${facts.secret}`,
        `Content-Type: ${type}`,
        'Transfer-Encoding: chunked',
      ];
      return `POST ${fill(path, facts)} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${chunks}0\r\n\r\n`;
    });

/** Handshakes and what may follow them. */
const upgrade = (facts: Facts): fc.Arbitrary<HostileRequest> =>
  fc
    .record({
      path: fc.oneof(
        fc.constantFrom('/api/pipeline/progress/T', '/api/pipeline/progress/U'),
        aim.map(([, path]) => path),
        oddTarget,
      ),
      query,
      host: fc.oneof(fc.constant('localhost'), value),
      key: fc.oneof({ weight: 2, arbitrary: fc.constant('AAAAAAAAAAAAAAAAAAAAAA==') }, value),
      version: fc.constantFrom('13', '13', '8', '1', '', 'x'),
      protocol: fc.constantFrom('websocket', 'websocket', 'WebSocket', 'h2c', 'websocket, h2c', 'TLS/1.0'),
      headers: fc.array(fc.tuple(headerName, value), { maxLength: 1 }),
      frames: fc.oneof(
        fc.constant(''),
        text,
        // Pings, an unmasked frame, one that is far too long, and a close frame without end.
        fc.constantFrom(
          '\x89\x80\0\0\0\0'.repeat(5_000),
          '\x81\x01x',
          '\x81\xff\x7f\xff\xff\xff',
          '\x88\xfe',
        ),
      ),
      leavesAfterMs: fc.constantFrom(1, 10, 40),
    })
    .map(({ path, query, host, key, version, protocol, headers, frames, leavesAfterMs }) => {
      const fields = [
        `Host: ${host}`,
        'Connection: Upgrade',
        `Upgrade: ${protocol}`,
        `Sec-WebSocket-Version: ${version}`,
        `Sec-WebSocket-Key: ${key}`,
        `Authorization: Bearer ${facts.secret}`,
        ...headers.map(([name, one]) => `${name}: ${one}`),
      ];
      const target = fill(path + (query && `?${query}`), facts);
      return {
        bytes: `GET ${target} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${frames}`,
        isWhole: false,
        leavesAfterMs,
      };
    });

const UNKNOWN_TASK = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

function fill(target: string, { taskId }: Facts): string {
  return target
    .replaceAll(/\/T\b|(?<==|,)T\b/g, (found) => found.replace('T', taskId))
    .replaceAll('/U', `/${UNKNOWN_TASK}`);
}

export function hostileRequests(facts: Facts): fc.Arbitrary<HostileRequest> {
  return fc.oneof(
    { weight: 12, arbitrary: whole(facts) },
    { weight: 5, arbitrary: broken(facts) },
    { weight: 3, arbitrary: upgrade(facts) },
  );
}
