// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/checks_files.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <chrono>

#include "sfu/tls_context.h"

namespace sfu {
namespace {

constexpr int64_t kDay = 86'400;
constexpr char kCertificate[] = "certificate";

std::string Days(int64_t seconds) {
  return absl::StrCat(seconds / kDay, " days");
}

}  // namespace

Finding JudgeSecret(const SecretFacts& facts) {
  const std::string seen = absl::StrCat(
      facts.path, " has mode ", absl::StrFormat("%03o", facts.mode & 07777));
  if ((facts.mode & 07) != 0) {
    return Warning("secret",
                   seen + ": everybody here may take part as the server",
                   "chmod 600 " + facts.path);
  }
  if ((facts.mode & 020) != 0) {
    return Warning("secret", seen + ": its group may change it",
                   "chmod g-w " + facts.path);
  }
  if ((facts.mode & 040) != 0) {
    return Ok("secret", seen + ", readable by its owner and group");
  }
  return Ok("secret", seen + ", readable by its owner only");
}

Finding JudgeCertificate(const CertificateFacts& facts) {
  const std::string& path = facts.certificate_path;
  if (!facts.certificate_error.empty()) {
    return Failed(
        kCertificate,
        absl::StrCat("cannot read ", path, ": ", facts.certificate_error),
        "name a PEM file that this user may read");
  }
  if (!facts.key_error.empty()) {
    return Failed(kCertificate,
                  absl::StrCat("cannot read the key ", facts.key_path, ": ",
                               facts.key_error),
                  "name a PEM file without a passphrase that this user may "
                  "read");
  }
  if (!facts.key_matches) {
    return Failed(kCertificate, facts.key_path + " is not the key of " + path,
                  "name the two files that were made together");
  }
  if (facts.now > facts.not_after) {
    return Failed(kCertificate,
                  absl::StrCat(path, " expired ",
                               Days(facts.now - facts.not_after), " ago"),
                  "renew it and see why that did not happen by itself "
                  "(certbot renew, its timer), then send the server SIGHUP");
  }
  if (facts.now < facts.not_before) {
    return Failed(kCertificate,
                  absl::StrCat(path, " begins to be valid in ",
                               Days(facts.not_before - facts.now)),
                  "set this machine's clock, or wait");
  }
  if (!facts.unnamed.empty()) {
    return Failed(
        kCertificate,
        absl::StrCat(path, " is not for ", absl::StrJoin(facts.unnamed, ", "),
                     ", but for ", absl::StrJoin(facts.names, ", ")),
        "get one that names it, or open the page by a name of it");
  }
  const int64_t left = facts.not_after - facts.now;
  if (std::chrono::seconds(left) <= TlsContext::kTimeToRenew) {
    return Warning(kCertificate, absl::StrCat(path, " expires in ", Days(left)),
                   "renew it now and send the server SIGHUP");
  }
  if ((facts.key_mode & 07) != 0) {
    return Warning(kCertificate,
                   "everybody on this machine may read " + facts.key_path,
                   "chmod o= " + facts.key_path);
  }
  if (facts.self_signed) {
    return Warning(kCertificate, path + " is self-signed: browsers warn of it",
                   "right for a LAN; for the public get one of a certificate "
                   "authority, such as by certbot");
  }
  if (facts.chain < 2) {
    return Warning(kCertificate,
                   path +
                       " holds no intermediate certificate: some clients "
                       "refuse it",
                   "use the file with the whole chain (fullchain.pem)");
  }
  return Ok(kCertificate, absl::StrCat("for ", absl::StrJoin(facts.names, ", "),
                                       ", ", Days(left), " left"));
}

}  // namespace sfu
