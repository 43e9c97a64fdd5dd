import type { RuntimeLanguage } from './runtime-language.js';

const PROBE = `
require 'logger'
require 'common'
require 'gem_of_layer'
require 'own'

class OrderMissing < StandardError; end

module Orders
  class Probe
    def self.handler(event:, context:)
      probe = event['probe']
      probe == 'context' ? context_members(context) : send(probe)
    end

    def self.context_members(context)
      { functionName: context.function_name, functionVersion: context.function_version, invokedFunctionArn: context.invoked_function_arn,
        memoryLimit: context.memory_limit_in_mb, requestId: context.aws_request_id, logGroup: context.log_group_name,
        logStream: context.log_stream_name, remaining: context.get_remaining_time_in_millis, clientContext: context.client_context }
    end

    def self.environment = ENV.to_h
    def self.throw = {}.fetch('order')
    def self.custom = raise(OrderMissing, 'no order 7')
    def self.layer = { common: COMMON, versioned: GEM_OF_LAYER, own: OWN, tool: \`tool\`.strip }
    def self.exit = Kernel.exit(3)
    def self.never = sleep(60)

    def self.log
      puts 'plain'
      logger = Logger.new($stdout, progname: 'orders')
      logger.debug('detail')
      logger.info("two\\nlines")
      begin
        custom
      rescue OrderMissing => error
        logger.error(error)
      end
    end

    def self.sdk
      require 'aws-sdk-s3'
      require 'aws-sdk-kms'
      [Aws::S3::Client.new(region: 'us-east-1').class.name, Aws::KMS::GEM_VERSION]
    end
  end
end
`;
const GEMSPEC = (name: string, version: string): string =>
  `Gem::Specification.new { |s| s.name = '${name}'; s.version = '${version}'; s.summary = '-'; s.authors = ['-']; s.require_paths = ['lib'] }\n`;

export const ruby: RuntimeLanguage = {
  name: 'Ruby',
  runtimes: ['ruby3.3'],
  handler: 'lib/probe.Orders::Probe.handler',
  code: async () => ({ 'lib/probe.rb': PROBE, 'own.rb': "OWN = 'function'\n" }),
  layer: async () => ({
    'ruby/lib/own.rb': "OWN = 'layer'\n",
    'ruby/lib/common.rb': "COMMON = 'layer'\n",
    'ruby/gems/3.3.0/specifications/gem_of_layer-1.0.0.gemspec': GEMSPEC('gem_of_layer', '1.0.0'),
    'ruby/gems/3.3.0/gems/gem_of_layer-1.0.0/lib/gem_of_layer.rb': "GEM_OF_LAYER = 'for this version'\n",
    // A layer's newer copy of what the image brings too.
    'ruby/gems/3.3.0/specifications/aws-sdk-kms-1.99.0.gemspec': GEMSPEC('aws-sdk-kms', '1.99.0'),
    'ruby/gems/3.3.0/gems/aws-sdk-kms-1.99.0/lib/aws-sdk-kms.rb': "module Aws; module KMS; GEM_VERSION = '1.99.0'; end; end\n",
    'bin/tool': '#!/bin/sh\necho tool of the layer\n',
  }),
  thrown: { errorType: 'Function<KeyError>', errorMessage: 'key not found: "order"' },
  custom: { errorType: 'Function<OrderMissing>', errorMessage: 'no order 7' },
  trace: { member: 'stackTrace', line: /^\/var\/task\/lib\/probe\.rb:\d+:in `handler'$/ },
  textLog: [/^plain$/, /^D, \[\S+ #\d+\] DEBUG [-0-9a-f]{36} -- orders: detail$/, /^I, \[.*\] {2}INFO [-0-9a-f]{36} -- orders: two\rlines$/, /^E, \[.*\] ERROR [-0-9a-f]{36} -- orders: no order 7 \(OrderMissing\)\r/],
  jsonLog: [{ level: 'ERROR', logger: 'orders', message: 'no order 7', errorType: 'OrderMissing', errorMessage: 'no order 7', stackTrace: expect.any(Array), requestId: expect.any(String) }],
  sdk: ['Aws::S3::Client', '1.99.0'],
  environment: () => ({ GEM_PATH: expect.stringMatching(/^\/var\/task\/vendor\/bundle\/ruby\/3\.3\.0:\/opt\/ruby\/gems\/3\.3\.0:/), RUBYLIB: '/var/task:/var/runtime/lib:/opt/ruby/lib' }),
  exit: { errorType: 'Function<SystemExit>', errorMessage: 'exit' },
  forms: [
    { what: 'a method of a file', handler: 'a/app.list', files: { 'a/app.rb': "def list(event:, context:)\n  [event['n'], nil, 'é']\nend\n" }, event: { n: 7 }, answer: [7, null, 'é'] },
    { what: 'a method of a module, with options it does not name', handler: 'app.Shop.list', files: { 'app.rb': 'module Shop\n  def self.list(event:, **) = event\nend\n' }, event: 'x', answer: 'x' },
    { what: 'a stream as the result', handler: 'app.list', files: { 'app.rb': "require 'stringio'\ndef list(event:, context:) = StringIO.new('[1]')\n" }, event: {}, answer: [1] },
  ],
  broken: [
    { what: 'a missing file', handler: 'nothing.handler', files: {}, error: { errorType: 'Init<LoadError>', errorMessage: 'cannot load such file -- nothing' } },
    { what: 'a missing method', handler: 'app.nothing', files: { 'app.rb': '' }, error: { errorType: 'Function<NoMethodError>', errorMessage: expect.stringContaining("undefined method `nothing'") } },
    { what: 'a syntax error', handler: 'app.handler', files: { 'app.rb': 'def handler(' }, error: { errorType: 'Init<SyntaxError>', errorMessage: expect.stringContaining('app.rb:1') } },
    { what: 'a name without a method', handler: 'app', files: { 'app.rb': '' }, error: { errorType: 'Init<ArgumentError>', errorMessage: expect.stringContaining('Invalid handler') } },
  ],
};
