# frozen_string_literal: true

require 'json'
require 'socket'

module HearthRuntime
  # The socket to the worker. Frames both ways:
  # u32be length of the rest | u8 type | u32be header length | header JSON | body bytes.
  class Channel
    READY = 1
    RESPONSE = 2
    ERROR = 3
    INIT_ERROR = 4
    INVOKE = 16

    def initialize(path)
      @socket = UNIXSocket.new(path)
    end

    def send(type, header, body = '')
      head = JSON.generate(header)
      @socket.write([5 + head.bytesize + body.bytesize, type, head.bytesize].pack('NCN'), head, body)
    end

    # Blocks until a frame is there. Returns type, header and body, or nil when the worker is gone.
    def receive
      length = read(4)&.unpack1('N')
      frame = length && read(length)
      return if frame.nil?

      type, head_length = frame.unpack('CN')
      body_start = 5 + head_length
      [type, JSON.parse(frame.byteslice(5, head_length).force_encoding(Encoding::UTF_8)), frame.byteslice(body_start, length - body_start)]
    end

    private

    def read(size)
      bytes = @socket.read(size)
      bytes if bytes&.bytesize == size
    end
  end
end
