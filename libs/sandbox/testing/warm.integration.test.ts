import { request as httpRequest, Agent } from 'node:http';
import Docker from 'dockerode';
import { DockerDriver } from '../drivers/docker-driver.js';
import { RuntimeCatalogue } from '../runtime-catalogue.js';
import { Bench, specFor, requestFor } from './bench.js';
it('measures', async () => {
  const catalogue = RuntimeCatalogue.load();
  const bench = await Bench.open((place) => new DockerDriver({ ...place, docker: new Docker(), catalogue, labels: { 'hearth.test': 'sandbox' } }));
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['-e', `const s=require('http').createServer((q,r)=>{let b='';q.on('data',c=>b+=c);q.on('end',()=>{r.setHeader('content-type','application/json');r.end(JSON.stringify(JSON.parse(b)))})}).listen(21000,'127.0.0.1',()=>process.send('up'))`], { env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await new Promise((resolve) => child.once('message', resolve));
  const agent = new Agent({ keepAlive: true });
  const post = () => new Promise<void>((resolve, reject) => { const q = httpRequest({ port: 21000, host: '127.0.0.1', method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (r) => { r.resume(); r.on('end', resolve); }); q.on('error', reject); q.end('{"probe":"echo","value":1}'); });
  const median = (a: number[]) => a.sort((x, y) => x - y)[a.length >> 1]!;
  try {
    const spec = specFor('node', { memoryMb: 3008 });
    await bench.invoke(spec, { probe: 'echo', value: 1 });
    const rows: string[] = [];
    for (let round = 0; round < 7; round++) {
      const a: number[] = [], b: number[] = [];
      for (let i = 0; i < 1000; i++) { const t = performance.now(); await bench.pool.invoke(requestFor(spec, { probe: 'echo', value: 1 })); a.push(performance.now() - t); }
      for (let i = 0; i < 1000; i++) { const t = performance.now(); await post(); b.push(performance.now() - t); }
      const x = median(a), y = median(b);
      rows.push(`pool ${x.toFixed(3)} bare ${y.toFixed(3)} ratio ${(x / y).toFixed(2)}`);
    }
    console.log(rows.join('\n'));
  } finally { child.kill(); await bench.close(); }
});
