'use strict';
/**
 * An ember: the runtime client (index.cjs) started before anybody needed it. It has connected to the worker and waits for the function it is to
 * serve; then it takes that function's environment and begins. Nothing of a function has run here before, and the process serves no second one.
 */
const { Socket } = require('node:net');
const { FRAME, FrameChannel } = require('./frames.cjs');
const { Invocation } = require('./invocation.cjs');
const { loadHandler } = require('./load-handler.cjs');
const client = require('./index.cjs');

/** What a first invocation runs has been run once, and so been compiled and loaded: a handler of each module system. */
async function warmUp() {
  for (const handler of ['warm-up.handler', 'warm-up-cjs.handler']) {
    const loaded = await loadHandler(__dirname, handler, false);
    const header = { id: '', deadlineMs: 0, arn: '', traceId: '' };
    await new Promise((resolve) => new Invocation(header, resolve).run(loaded, JSON.parse('{}'), false));
  }
}

/** Waits in read(2): an ember costs no CPU. */
function wait() {
  const socket = new Socket();
  socket.on('error', () => process.exit(1));
  // The stream must not read what is for the channel.
  socket.pause();
  socket.connect(process.env._HEARTH_EMBER, () => {
    const frame = new FrameChannel(socket).receive();
    // Another start of the runtime is wanted, or the worker is gone.
    if (frame?.type !== FRAME.ASSIGN) process.exit(1);
    // Not destroy: that looks at process.stderr, which makes the log's pipe non-blocking, and a large write of the function's is then cut short.
    socket._handle.close();
    become(frame.header.environment);
  });
}

function become(environment) {
  delete process.env._HEARTH_EMBER;
  Object.assign(process.env, environment);
  // The code was mounted over what was here: the old directory is still this process's.
  process.chdir(process.env.LAMBDA_TASK_ROOT || '/var/task');
  process.argv[1] = require.resolve('./index.cjs');
  client.begin();
}

warmUp().then(
  () => client.connect(wait),
  () => process.exit(1),
);
