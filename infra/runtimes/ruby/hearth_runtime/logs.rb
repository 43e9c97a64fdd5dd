# frozen_string_literal: true

require 'json'
require 'logger'
require_relative 'errors'

module HearthRuntime
  # Lines of `Logger` and of the runtime in Lambda's two formats (invoke.md 3.1 and 3.2).
  module Logs
    class << self
      # What the lines of the moment belong to; set by the invocation loop.
      attr_accessor :request_id, :tenant_id

      def json?
        ENV['AWS_LAMBDA_LOG_FORMAT']&.upcase == 'JSON'
      end

      # The least severe level that is written, as a name that Logger knows.
      def level
        named = ENV['AWS_LAMBDA_LOG_LEVEL']&.downcase
        { 'trace' => 'debug' }.fetch(named, named) || 'debug'
      end

      # The line of a failed invocation or init; `shown` is the error object.
      def error(message, shown)
        if json?
          $stdout.puts(record('ERROR', message, **shown))
        else
          # CR for LF keeps the record together (runtime-api.md 1.4).
          $stdout.puts(message, JSON.pretty_generate(shown).tr("\n", "\r"))
        end
        $stdout.flush
      rescue IOError, SystemCallError
        nil # The user closed stdout: the caller still gets the error object.
      end

      def record(level, message, time: Time.now, **more)
        JSON.generate(
          { timestamp: time.getutc.strftime('%Y-%m-%dT%H:%M:%S.%LZ'), level: level, message: message, requestId: request_id, tenantId: tenant_id, **more }.compact
        )
      end
    end

    class TextFormatter < ::Logger::Formatter
      def call(severity, time, progname, message)
        text = HearthRuntime.readable(msg2str(message)).tr("\n", "\r")
        format("%s, [%s #%d] %5s %s -- %s: %s\n", severity[0], format_datetime(time), Process.pid, severity, Logs.request_id, progname, text)
      end
    end

    class JsonFormatter < ::Logger::Formatter
      def call(severity, time, progname, message)
        more = progname ? { logger: progname.to_s } : {}
        return "#{Logs.record(severity, HearthRuntime.readable(msg2str(message)), time: time, **more)}\n" unless message.is_a?(Exception)

        more.update(errorType: message.class.to_s, errorMessage: HearthRuntime.readable(message.message), stackTrace: message.backtrace || [])
        "#{Logs.record(severity, more[:errorMessage], time: time, **more)}\n"
      end
    end

    # Loggers that write to the function's log begin with Lambda's format and level.
    module LoggerDefaults
      def initialize(device = nil, *rest, **options)
        if [$stdout, $stderr, STDOUT, STDERR].include?(device)
          options[:formatter] ||= Logs.json? ? JsonFormatter.new : TextFormatter.new
          options[:level] ||= Logs.level
        end
        super
      end
    end
    ::Logger.prepend(LoggerDefaults)
  end
end
