// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace boost::system {
class error_code;
}

namespace sfu {

// A connection, whether TLS or not, for who must not care. One read and one
// write at a time. Its owner keeps it until what it asked for is done; `done`
// is called from the io_context, never from within the call.
class ByteStream {
 public:
  using Done =
      std::function<void(const boost::system::error_code& error, size_t count)>;
  using Bytes = std::span<const char>;

  virtual ~ByteStream() = default;

  virtual void ReadSome(std::span<char> into, Done done) = 0;
  // Writes some of `parts`, which are one after another what comes next.
  virtual void WriteSome(std::span<const Bytes> parts, Done done) = 0;
  // Says that no more comes, drops what still does, closes after a moment.
  virtual void End(std::function<void()> done) = 0;
  // Ends everything that is under way, with an error.
  virtual void Close() = 0;
};

}  // namespace sfu
