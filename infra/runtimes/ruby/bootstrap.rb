# frozen_string_literal: true

# Entry point of Hearth's runtime client for Ruby; see hearth_runtime/serve.rb.
require_relative 'hearth_runtime/serve'

HearthRuntime.serve
