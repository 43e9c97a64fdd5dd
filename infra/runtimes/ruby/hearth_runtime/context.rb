# frozen_string_literal: true

# The `context:` argument of handlers (runtime-api.md section 7).
class LambdaContext
  attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name, :memory_limit_in_mb,
              :function_version, :identity, :client_context, :deadline_ms, :tenant_id

  def initialize(header)
    @aws_request_id = header['id']
    @invoked_function_arn = header['arn']
    @deadline_ms = header['deadlineMs']
    @tenant_id = header['tenantId']
    @identity = JSON.parse(header['cognitoIdentity']) if header['cognitoIdentity']
    @client_context = JSON.parse(header['clientContext']) if header['clientContext']
    @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
    @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
    @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
    @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
    @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
  end

  def get_remaining_time_in_millis
    [0, @deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond)].max
  end
end
