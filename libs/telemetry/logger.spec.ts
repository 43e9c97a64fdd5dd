import { createLogger } from './index.js';

describe('the platform log', () => {
  it('is one JSON object a line, with an ISO time and the level by name', () => {
    const lines: string[] = [];
    createLogger({ service: 'worker', level: 'info', incarnation: 'a1', destination: { write: (line) => void lines.push(line) } }).info({ port: 1 }, 'started');
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 'info', service: 'worker', incarnation: 'a1', port: 1, msg: 'started' });
    expect((JSON.parse(lines[0] as string) as { time: string }).time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('never shows secrets', () => {
    const lines: string[] = [];
    const logger = createLogger({ service: 'hearth', level: 'trace', destination: { write: (line) => void lines.push(line) } });
    logger.info({ secretAccessKey: 'canary' });
    logger.info({ request: { headers: { authorization: 'canary', 'x-amz-security-token': 'canary' } } });
    logger.info({ spec: { environment: { TOKEN: 'canary' } } });
    logger.info({ settings: { HEARTH_MASTER_KEY: 'canary', DATABASE_URL: 'postgresql://u:canary@h/d' } });
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain('canary');
  });
});
