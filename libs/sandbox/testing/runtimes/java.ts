import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Files, RuntimeLanguage } from './runtime-language.js';

const run = promisify(execFile);

const PROBE = `
package orders;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.util.*;

public class Probe implements RequestHandler<Map<String, Object>, Object> {
  public static class OrderMissing extends RuntimeException {
    OrderMissing(String message) { super(message); }
  }

  @Override
  public Object handleRequest(Map<String, Object> event, Context context) {
    switch ((String) event.get("probe")) {
      case "context": return contextMembers(context);
      case "environment": return System.getenv();
      case "throw": return List.of().iterator().next();
      case "custom": throw new OrderMissing("no order 7");
      case "layer": return layer();
      case "exit": System.exit(3); return null;
      case "never": try { Thread.sleep(60_000); } catch (InterruptedException e) { } return null;
      case "log":
        System.out.println("plain");
        context.getLogger().log("detail\\n", LogLevel.DEBUG);
        context.getLogger().log("two\\nlines", LogLevel.INFO);
        context.getLogger().log("failed", LogLevel.ERROR);
        return null;
      default: throw new IllegalArgumentException();
    }
  }

  private Map<String, Object> contextMembers(Context context) {
    Map<String, Object> members = new HashMap<>();
    members.put("functionName", context.getFunctionName());
    members.put("functionVersion", context.getFunctionVersion());
    members.put("invokedFunctionArn", context.getInvokedFunctionArn());
    members.put("memoryLimit", String.valueOf(context.getMemoryLimitInMB()));
    members.put("requestId", context.getAwsRequestId());
    members.put("logGroup", context.getLogGroupName());
    members.put("logStream", context.getLogStreamName());
    members.put("remaining", context.getRemainingTimeInMillis());
    members.put("clientContext", context.getClientContext() == null ? null : Map.of("custom", context.getClientContext().getCustom()));
    return members;
  }

  private Object layer() {
    try {
      Process tool = new ProcessBuilder("tool").start();
      String answer = new String(tool.getInputStream().readAllBytes()).trim();
      return Map.of("common", library.Common.NAME(), "versioned", library.Versioned.NAME(), "own", library.Own.NAME(), "tool", answer);
    } catch (java.io.IOException e) {
      throw new RuntimeException(e);
    }
  }

  /** A handler that is a method of a plain class. */
  public String plain(String name) { return "hello " + name; }

  public static class Order { public List<Integer> prices; public List<Integer> getPrices() { return prices; } public void setPrices(List<Integer> prices) { this.prices = prices; } }
  public Map<String, Integer> total(Order order, Context context) {
    return Map.of("total", order.getPrices().stream().mapToInt(Integer::intValue).sum());
  }

  public static class Streams implements RequestStreamHandler {
    @Override
    public void handleRequest(java.io.InputStream in, java.io.OutputStream out, Context context) throws java.io.IOException { in.transferTo(out); }
  }
}
`;
const library = (name: string, value: string): string => `package library; public class ${name} { public static String NAME() { return "${value}"; } }\n`;

interface Compiled {
  /** Class files of the function. */
  task: Files;
  ownJar: Buffer;
  layerJar: Buffer;
}
let compiled: Promise<Compiled> | undefined;

/** Compiles once for all Java versions. Needs a JDK; the interfaces come from the image, as they would from a build's dependencies. */
async function compile(): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-java-'));
  try {
    const sources: Record<string, string> = {
      'app/orders/Probe.java': PROBE,
      'own/library/Own.java': library('Own', 'function'),
      'layer/library/Own.java': library('Own', 'layer'),
      'layer/library/Common.java': library('Common', 'layer'),
      'layer/library/Versioned.java': library('Versioned', 'for this version'),
    };
    for (const [name, source] of Object.entries(sources)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), source);
    }
    const jar = async (name: string): Promise<Buffer> => {
      await run('javac', ['--release', '17', '-d', join(folder, `${name}-classes`), ...Object.keys(sources).filter((file) => file.startsWith(`${name}/`)).map((file) => join(folder, file))]);
      await run('jar', ['--create', '--file', join(folder, `${name}.jar`), '-C', join(folder, `${name}-classes`), '.']);
      return readFile(join(folder, `${name}.jar`));
    };
    const [ownJar, layerJar] = [await jar('own'), await jar('layer')];
    const core = await run('docker', ['run', '--rm', '--network', 'none', java.image!, 'sh', '-c', 'cat /var/runtime/lib/aws-lambda-java-core-*.jar'], { encoding: 'buffer' });
    await writeFile(join(folder, 'core.jar'), core.stdout);
    const path = ['core.jar', 'own.jar', 'layer.jar'].map((file) => join(folder, file)).join(':');
    await run('javac', ['--release', '17', '-cp', path, '-d', join(folder, 'classes'), join(folder, 'app/orders/Probe.java')]);
    const classes = ['Probe', 'Probe$OrderMissing', 'Probe$Order', 'Probe$Streams'].map((name) => `orders/${name}.class`);
    const task = Object.fromEntries(await Promise.all(classes.map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(folder, 'classes', name))])));
    return { task, ownJar, layerJar };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const java: RuntimeLanguage & { image?: string } = {
  name: 'Java',
  runtimes: ['java17', 'java21', 'java25'],
  handler: 'orders.Probe',
  async code() {
    const { task, ownJar } = await (compiled ??= compile());
    return { ...task, 'lib/own.jar': ownJar };
  },
  async layer() {
    const { layerJar } = await (compiled ??= compile());
    return { 'java/lib/layer.jar': layerJar, 'bin/tool': '#!/bin/sh\necho tool of the layer\n' };
  },
  thrown: { errorType: 'java.util.NoSuchElementException' },
  custom: { errorType: 'orders.Probe$OrderMissing', errorMessage: 'no order 7' },
  trace: { member: 'stackTrace', line: /^orders\.Probe\.handleRequest\(Probe\.java:\d+\)$/ },
  textLog: [/^plain$/, /^\[DEBUG\] detail$/, /^\[INFO\] two$/, /^lines\[ERROR\] failed$/],
  jsonLog: [{ level: 'ERROR', message: 'failed', AWSRequestId: expect.any(String) }],
  environment: () => ({}),
  exit: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/Error: Runtime exited with error: exit status 3$/) },
  forms: [
    { what: 'a method of a plain class', handler: 'orders.Probe::plain', event: 'é', answer: 'hello é' },
    { what: 'a method with an object of the function', handler: 'orders.Probe::total', event: { prices: [1, 2, 4] }, answer: { total: 7 } },
    { what: 'a handler of streams', handler: 'orders.Probe$Streams', event: { n: 7 }, answer: { n: 7 } },
  ],
  broken: [
    { what: 'a missing class', handler: 'orders.Nothing', files: {}, error: { errorType: 'java.lang.ClassNotFoundException', errorMessage: 'Class not found: orders.Nothing' } },
    { what: 'a name without a method', handler: 'java.lang.String::', files: {}, error: { errorMessage: 'Invalid handler: `java.lang.String::\'' } },
  ],
};
