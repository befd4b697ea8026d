#include "traffic/load_plan.h"

#include <cmath>

#include "traffic/random.h"

namespace rata::traffic {
namespace {

constexpr double two_pi = 6.283185307179586;
constexpr double wave_period_s = 120;
constexpr double noise_step_s = 2;
constexpr double wave_part = .65;  // the rest is noise

/// Even over [-1, 1], one value for each step of time.
double noise_at(std::uint64_t seed, double step) {
  const std::uint64_t bits = mix(seed * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(step));
  return static_cast<double>(bits >> 11) * 0x1p-52 - 1;
}

}  // namespace

LoadPlan::LoadPlan(const Options& options)
    : qps_(options.qps),
      sway_(options.sway),
      junk_share_(options.junk),
      seed_(mix(options.seed ^ 0x73776179)),
      attack_(options.attack),
      cycle_(options.attack_cycle) {}

bool LoadPlan::late_in_period(double now_s) const {
  return std::fmod(now_s, cycle_.period_s) >= cycle_.period_s - cycle_.length_s;
}

/// From -1 to 1: a slow wave, and noise between whose values it goes in straight lines.
double LoadPlan::wander(double now_s) const {
  const double position = now_s / noise_step_s;
  const double step = std::floor(position);
  const double before = noise_at(seed_, step);
  const double noise = before + (noise_at(seed_, step + 1) - before) * (position - step);
  return wave_part * std::sin(two_pi * now_s / wave_period_s) + (1 - wave_part) * noise;
}

}  // namespace rata::traffic
