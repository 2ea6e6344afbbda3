import { it } from 'vitest';
import { startTestServer } from '../harness/temporal-server.ts';
import { runOrders } from './retry-orders/run-orders.ts';
import { openRetryWorld } from './retry-orders/world.ts';

// `npm run prove:retries` runs more of them, and replays one by its seed and path.
it('answers random orders of retry, close, cancel, erase and kill as the model does, and strands nothing', async () => {
  await using server = await startTestServer();
  await using world = await openRetryWorld(server);

  await runOrders(world, { seed: 1, count: 10 });
}, 300_000);
