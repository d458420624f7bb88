// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/sdp_driver.h"

#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tools/bot/bot_loop.h"
#include "tools/bot/timeline.h"

namespace bot {
namespace {

using Json = nlohmann::json;

double Milliseconds(rtp::TimeDelta delta) {
  return static_cast<double>(delta.count()) / 1000;
}

class Driver {
 public:
  Driver(const Scenario& scenario, std::shared_ptr<const MediaSamples> samples)
      : scenario_(scenario), loop_(NoServer(), std::move(samples)) {}

  void Run() {
    for (std::string line; std::getline(std::cin, line);) {
      if (line.empty()) continue;
      const Json request = Json::parse(line, nullptr, false);
      if (!request.is_object() || !request.contains("type")) {
        Say({{"type", "error"}, {"error", "a line is not {\"type\": ...}"}});
        continue;
      }
      try {
        Handle(request);
      } catch (const Json::exception& error) {
        Say({{"type", "error"}, {"error", error.what()}});
      }
    }
  }

  RunFigures Figures() {
    RunFigures figures;
    figures.title = scenario_.title;
    figures.server = "by SDP";
    figures.seed = scenario_.seed;
    loop_.Call([&] {
      const rtp::Timestamp now = BotLoop::Now();
      for (const auto& [id, client] : clients_) {
        client->Settle(now);
        figures.bots.push_back(client->Figures(began_));
      }
      figures.duration = static_cast<double>((now - began_).count()) / 1e6;
    });
    figures.planned_bots = figures.bots.size();
    return figures;
  }

 private:
  static XmppServer NoServer() {
    XmppServer server;
    server.tls = TlsMode::kOff;
    return server;
  }

  static void Say(const Json& said) {
    std::cout << said.dump() << std::endl;  // the other side waits for it
  }

  void Handle(const Json& request) {
    const std::string type = request.at("type").get<std::string>();
    if (type == "stats") return Say(Stats());
    const std::string id = request.at("id").get<std::string>();
    if (type == "publish" || type == "receive") return Offer(id, type);
    if (type == "offer") return Answer(id, request.at("sdp"));
    const auto client = clients_.find(id);
    if (client == clients_.end()) {
      return Say(
          {{"type", "error"}, {"id", id}, {"error", "nobody has this id"}});
    }
    if (type == "answer") {
      const std::string sdp = request.at("sdp");
      std::string failure;
      loop_.Call([&] {
        client->second->HandleAnswer(BotLoop::Now(), sdp);
        loop_.Touch(client->second);
        failure = client->second->failure();
      });
      if (!failure.empty()) {
        Say({{"type", "error"}, {"id", id}, {"error", failure}});
      }
    } else if (type == "leave") {
      loop_.Call([&] { client->second->Leave(BotLoop::Now()); });
    } else {
      Say({{"type", "error"}, {"id", id}, {"error", "unknown type " + type}});
    }
  }

  SdpClient* Make(const std::string& id, bool sends) {
    const Group& group = scenario_.groups.front();
    SdpClient::Config config;
    config.index = clients_.size();
    config.name = id;
    config.media = group.media;
    config.send_audio = sends && group.audio_senders > 0;
    config.send_video = sends && group.video_senders > 0;
    SdpClient* client = nullptr;
    loop_.Call([&] { client = loop_.AddSdp(std::move(config)); });
    clients_[id] = client;
    return client;
  }

  void Offer(const std::string& id, const std::string& type) {
    SdpClient* client = Make(id, type == "publish");
    std::string sdp;
    loop_.Call([&] { sdp = client->Offer(BotLoop::Now()); });
    Say({{"type", "offer"}, {"id", id}, {"sdp", sdp}});
  }

  void Answer(const std::string& id, const std::string& offer) {
    SdpClient* client = Make(id, false);
    std::string sdp;
    std::string failure;
    loop_.Call([&] {
      sdp = client->Answer(BotLoop::Now(), offer);
      loop_.Touch(client);
      failure = client->failure();
    });
    if (!failure.empty()) {
      return Say({{"type", "error"}, {"id", id}, {"error", failure}});
    }
    Say({{"type", "answer"}, {"id", id}, {"sdp", sdp}});
  }

  // What happened so far; latencies since this was asked the last time.
  Json Stats() {
    size_t connected = 0;
    uint64_t packets = 0;
    uint64_t lost = 0;
    uint64_t sent = 0;
    std::vector<std::string> failures;
    Distribution latency;
    loop_.Call([&] {
      for (const auto& [id, client] : clients_) {
        client->Settle(BotLoop::Now());
        latency.Merge(client->TakeLatencies());
        const BotFigures figures = client->Figures(began_);
        if (figures.state == BotState::kJoined) ++connected;
        if (!figures.failure.empty()) {
          failures.push_back(id + ": " + figures.failure);
        }
        sent += figures.packets_sent;
        packets += figures.packets_received;
        for (const StreamFigures& stream : figures.streams) {
          lost += stream.lost;
        }
      }
    });
    return {
        {"type", "stats"},
        {"clients", clients_.size()},
        {"connected", connected},
        {"failures", failures},
        {"sent", sent},
        {"received", packets},
        {"lost", lost},
        {"latency_count", latency.count()},
        {"latency_p50_ms", Milliseconds(latency.Percentile(0.5))},
        {"latency_p99_ms", Milliseconds(latency.Percentile(0.99))},
        {"at_s", static_cast<double>((BotLoop::Now() - began_).count()) / 1e6}};
  }

  const Scenario& scenario_;
  const rtp::Timestamp began_ = BotLoop::Now();
  BotLoop loop_;
  std::map<std::string, SdpClient*> clients_;
};

}  // namespace

void DriveBySdp(const Scenario& scenario,
                std::shared_ptr<const MediaSamples> samples,
                RunFigures* figures) {
  Driver driver(scenario, std::move(samples));
  driver.Run();
  *figures = driver.Figures();
}

}  // namespace bot
