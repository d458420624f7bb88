// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace sfu {

// The certificate and key of the public listener, read from PEM files, and
// what TLS is spoken with them: 1.2 with AEAD ciphers and ephemeral keys, and
// 1.3; HTTP/1.1 by ALPN.
class TlsContext {
 public:
  // A certificate that ends sooner has not been renewed as it should.
  static constexpr std::chrono::hours kTimeToRenew{14 * 24};

  // Null with an error text for the operator if the files are not usable.
  static std::unique_ptr<TlsContext> Load(const std::string& certificate_path,
                                          const std::string& key_path,
                                          std::string* error);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Reads the files again, for connections to come. Returns an error text,
  // and then all stays as it was; empty on success.
  std::string Reload();

  // For new connections; those made with it keep what they need.
  boost::asio::ssl::context& current() const { return *context_; }
  // When the certificate ends.
  std::chrono::system_clock::time_point expiry() const { return expiry_; }

 private:
  TlsContext(std::string certificate_path, std::string key_path);

  const std::string certificate_path_;
  const std::string key_path_;
  std::unique_ptr<boost::asio::ssl::context> context_;
  std::chrono::system_clock::time_point expiry_;
};

}  // namespace sfu
