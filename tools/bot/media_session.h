// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ice/datagram_sink.h"
#include "ice/dtls_association.h"
#include "ice/socket_address.h"
#include "rtp/base/extension_ids.h"
#include "rtp/base/ids.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "rtp/congestion/congestion_controller.h"
#include "rtp/congestion/pacer.h"
#include "rtp/rtcp_compound.h"
#include "rtp/twcc_recorder.h"
#include "tools/bot/ice_client.h"
#include "tools/bot/media_receiver.h"
#include "tools/bot/media_samples.h"
#include "tools/bot/media_sender.h"
#include "tools/bot/scenario.h"
#include "tools/bot/srtp_client.h"

namespace bot {

// The media of one transport of a client: ICE, DTLS, SRTP, what it sends and
// what it receives, RTCP. Knows no signalling: that tells it who the peer is.
// Sans-IO.
class MediaSession {
 public:
  struct Config {
    Feedback feedback = Feedback::kTwcc;  // about what it receives
    // Of what it sends: sends as fast as the path bears it, by GCC.
    bool congestion_control = false;
    // Sends what a server must drop when SendFaults() is called, and before it
    // has keys.
    bool faults = false;
    // Ids of what both sides negotiated.
    rtp::ExtensionIds extensions;
  };
  // What the peer signalled.
  struct Remote {
    rtp::IceCredentials credentials;
    std::vector<ice::SocketAddress> candidates;  // best first
    rtp::CertificateFingerprint fingerprint;
    rtp::DtlsRole our_role = rtp::DtlsRole::kActive;
  };
  // When what happened; kNever where it has not.
  struct Times {
    rtp::Timestamp ice_connected = rtp::kNever;
    rtp::Timestamp dtls_connected = rtp::kNever;
    rtp::Timestamp first_picture = rtp::kNever;
    rtp::Timestamp first_sound = rtp::kNever;
  };
  // What is not of one stream.
  struct Traffic {
    uint64_t packets_sent = 0;
    uint64_t bytes_sent = 0;
    uint64_t packets_received = 0;
    uint64_t bytes_received = 0;
    uint64_t unauthentic = 0;  // libsrtp2 did not accept them
  };

  // All but `config` must outlive the session. `sink` is its socket.
  MediaSession(Config config, rtp::RandomSource& random,
               const ice::DtlsIdentity& identity, ice::DatagramSink& sink);
  ~MediaSession();
  MediaSession(const MediaSession&) = delete;
  MediaSession& operator=(const MediaSession&) = delete;

  // What it will send; from when the keys are there. Lives as the session.
  MediaSender& AddSender(MediaSender::Config config,
                         std::shared_ptr<const MediaSamples> samples);
  void AddReceiver(MediaReceiver::Config config);
  // Asks for a key frame on every slot, whatever it shows.
  void AskForKeyFrames();
  // Brings the figures of the receivers up to now.
  void Settle(rtp::Timestamp now);

  const rtp::IceCredentials& local_credentials() const { return ice_.local(); }
  // Begins to connect.
  void Connect(rtp::Timestamp now, Remote remote);
  // ICE restart: new credentials of ours; the peer's answer to them.
  void RestartIce() { ice_.Restart(); }
  void AfterRestart(rtp::Timestamp now, rtp::IceCredentials remote,
                    std::vector<ice::SocketAddress> candidates);
  // Our address changed.
  void AfterRebind(rtp::Timestamp now) { ice_.CheckNow(now); }

  void HandleDatagram(rtp::Timestamp now, const ice::SocketAddress& from,
                      std::span<const uint8_t> datagram);
  rtp::Timestamp NextDeadline() const;
  void HandleTimeout(rtp::Timestamp now);
  // DTLS close_notify.
  void Close();

  bool connected() const { return srtp_ != nullptr; }
  // Why it is of no use any more; empty while it is.
  const std::string& failure() const { return failure_; }
  const Times& times() const { return times_; }
  const Traffic& traffic() const { return traffic_; }
  const rtp::ExtensionIds& extensions() const { return config_.extensions; }
  // What its congestion control allows, bit/s; 0: none.
  double target_bps() const;
  rtp::TimeDelta rtt() const { return ice_.rtt(); }
  const std::vector<std::unique_ptr<MediaSender>>& senders() const {
    return senders_;
  }
  const std::vector<std::unique_ptr<MediaReceiver>>& receivers() const {
    return receivers_;
  }

  // One of each kind of what no client should send (media_faults.cc).
  void SendFaults();

 private:
  void Fail(std::string why);
  void AfterDtls(rtp::Timestamp now);
  void StartMedia(rtp::Timestamp now);
  void SendRaw(std::span<const uint8_t> datagram);
  void SendRtp(const SentPacket& packet);
  void SendPlainRtp(std::span<const uint8_t> packet);
  // Congestion control: probes that are due, then what the rate allows.
  void FollowRate(rtp::Timestamp now);
  void SendPlainRtcp(std::span<const uint8_t> compound);
  void SendFaultBeforeKeys();
  void HandleRtp(rtp::Timestamp now, std::span<const uint8_t> datagram);
  void HandleRtcp(rtp::Timestamp now, std::span<const uint8_t> datagram);
  MediaReceiver* FindReceiver(rtp::Ssrc ssrc) const;
  void SendReports(rtp::Timestamp now);
  void SendFeedback(rtp::Timestamp now);
  void WriteRemb(rtp::Timestamp now, rtp::RtcpWriter& out);
  // The SSRC that our RTCP comes from.
  rtp::Ssrc own_ssrc() const;

  const Config config_;
  const ice::DtlsIdentity& identity_;
  ice::DatagramSink& sink_;
  std::string failure_;
  Times times_;
  Traffic traffic_;

  IceClient ice_;
  std::unique_ptr<ice::DtlsAssociation> dtls_;
  std::unique_ptr<SrtpClient> srtp_;
  std::vector<std::unique_ptr<MediaSender>> senders_;
  std::vector<std::unique_ptr<MediaReceiver>> receivers_;
  const rtp::Ssrc spare_ssrc_;  // where nothing is sent
  uint16_t transport_seq_ = 1;
  std::unique_ptr<rtp::CongestionController> congestion_;
  rtp::Pacer pacer_;  // of probes; media goes out as it is made
  rtp::Timestamp pacer_next_ = rtp::kNever;  // when a probe goes on
  uint32_t probing_ = 0;                     // the cluster that is being sent
  rtp::Timestamp now_;                       // of the call under way
  rtp::TwccRecorder twcc_;
  rtp::Timestamp next_report_ = rtp::kNever;
  rtp::Timestamp next_feedback_ = rtp::kNever;
  // The newest packet of each stream, plain, where faults are made of them.
  std::map<rtp::Ssrc, std::vector<uint8_t>> last_sent_;
  uint64_t reported_bytes_ = 0;  // received when the last estimate was told
};

}  // namespace bot
