# frozen_string_literal: true

# Loads the handler, then serves invocations from the worker's socket, one at a time.
#
# Exit statuses: 1 init failed or the worker is gone, 255 after an exception that ends the process (errors.rb, fatal?).

require_relative 'channel'
require_relative 'context'
require_relative 'errors'
require_relative 'handler'
require_relative 'logs'

module HearthRuntime
  class << self
    def serve
      channel = Channel.new(ENV.delete('HEARTH_RUNTIME_SOCKET') || '/run/hearth/runtime.sock')
      $stdout.sync = true
      $stderr.sync = true
      handler = load_handler(channel)
      channel.send(Channel::READY, {})
      loop do
        type, header, body = channel.receive
        exit!(1) if type.nil?
        invoke(channel, handler, header, body) if type == Channel::INVOKE
      end
    end

    private

    def load_handler(channel)
      Handler.new(ENV['_HANDLER'] || '', ENV['LAMBDA_TASK_ROOT'] || '/var/task')
    rescue Exception => error # Whatever the user's code raises while it loads, `exit` included, is its init error.
      shown = HearthRuntime.error_object(error, 'Init')
      Logs.error("Init error when loading handler #{ENV['_HANDLER']}", shown)
      channel.send(Channel::INIT_ERROR, { errorType: shown[:errorType] }, JSON.generate(shown))
      exit!(1)
    end

    def invoke(channel, handler, header, body)
      Logs.request_id = header['id']
      Logs.tenant_id = header['tenantId']
      ENV['_X_AMZN_TRACE_ID'] = header['traceId']
      result = handler.call(event: JSON.parse(body.force_encoding(Encoding::UTF_8)), context: LambdaContext.new(header))
      bytes, type = written(result)
      # The log of an invocation has to be complete before its response arrives.
      flush
      channel.send(Channel::RESPONSE, { id: header['id'], contentType: type }.compact, bytes)
    rescue Exception => error # As Lambda's runtime does: the caller hears of `exit` too.
      answer_error(channel, header['id'], error)
    end

    # Streams are answered as they are, everything else as JSON.
    def written(result)
      result.respond_to?(:read) ? [result.read.to_s, 'application/unknown'] : [result.to_json, nil]
    end

    def answer_error(channel, id, error)
      fatal = HearthRuntime.fatal?(error)
      shown = HearthRuntime.error_object(error, 'Function')
      Logs.error(fatal ? 'Critical exception from handler' : 'Error raised from handler method', shown)
      channel.send(Channel::ERROR, { id: id, errorType: shown[:errorType], exits: fatal || nil }.compact, JSON.generate(shown))
      exit!(255) if fatal
    end

    def flush
      $stdout.flush
      $stderr.flush
    rescue IOError, SystemCallError
      nil # The user closed it; then there is nothing to flush.
    end
  end
end
