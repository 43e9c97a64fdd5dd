# frozen_string_literal: true

module HearthRuntime
  # The user's handler: `[dir/]file.method` or `[dir/]file.Module::Class.method` (runtime-api.md section 7).
  class Handler
    # Raises what loading the file raises; ArgumentError for a name of another form.
    def initialize(name, root)
      file, *target = name.split('.')
      unless file && target.size.between?(1, 2)
        raise ArgumentError, "Invalid handler #{name.inspect}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME " \
                             'corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a ' \
                             'callable method. If using CLASS, METHOD must be a class-level method.'
      end
      @method = target.last
      @class_name = target.first if target.size == 2
      $LOAD_PATH.unshift(root) unless $LOAD_PATH.include?(root)
      require file
    end

    def call(event:, context:)
      receiver = @class_name ? Object.const_get(@class_name) : TOPLEVEL_BINDING.receiver
      receiver.__send__(@method, event: event, context: context)
    end
  end
end
