# frozen_string_literal: true

module HearthRuntime
  DIRECTORY = File.dirname(__dir__)
  MAX_FRAMES = 100

  # The object the caller gets (invoke.md section 2).
  # phase: 'Init' or 'Function'. Frames of the runtime, and those below it, are left out.
  def self.error_object(error, phase)
    own = "#{DIRECTORY}/"
    frames = (error.backtrace || []).reject { |frame| frame.start_with?('<internal:') }.take_while { |frame| !frame.start_with?(own) }
    {
      errorMessage: readable(error.message),
      errorType: "#{phase}<#{error.class}>",
      stackTrace: frames.first(MAX_FRAMES).map { |frame| readable(frame) }
    }
  end

  # Error texts may hold any bytes; JSON holds UTF-8 only.
  def self.readable(text)
    text.to_s.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
  end

  # After these the process is not used any more: Lambda's runtime counts them as defects of the code rather than failures of its work.
  def self.fatal?(error)
    error.is_a?(NameError) || !error.is_a?(StandardError)
  end
end
