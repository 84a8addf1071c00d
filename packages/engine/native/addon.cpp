// What Node sees: start(instructionSet) → { … } with the functions below. One engine for each environment of Node.
#define NAPI_VERSION 8
#include <node_api.h>
#include <sys/mman.h>

#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include "instruction-sets.h"
#include "thread-pool.h"

namespace {

using namespace smol;

struct Engine {
  const KernelTable* table = nullptr;
  ThreadPool pool;
  /** Where JavaScript writes the arguments of a call. */
  double* arguments = nullptr;
  /** What `start` gave the first time. */
  napi_ref description = nullptr;
};

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  throw std::string(info != nullptr && info->error_message != nullptr ? info->error_message : "Node-API call failed");
}

struct Call {
  napi_value arguments[4];
  Engine* engine;

  Call(napi_env env, napi_callback_info info) {
    size_t count = 4;
    check(env, napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr));
    void* data = nullptr;
    check(env, napi_get_instance_data(env, &data));
    engine = static_cast<Engine*>(data);
  }
};

double numberOf(napi_env env, napi_value value) {
  double number = 0;
  check(env, napi_get_value_double(env, value, &number));
  return number;
}

napi_value numberFor(napi_env env, double number) {
  napi_value value = nullptr;
  check(env, napi_create_double(env, number, &value));
  return value;
}

napi_value textFor(napi_env env, const char* text) {
  napi_value value = nullptr;
  check(env, napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value));
  return value;
}

napi_value undefinedValue(napi_env env) {
  napi_value value = nullptr;
  check(env, napi_get_undefined(env, &value));
  return value;
}

/** Turns what a function throws into a JavaScript error. */
template <napi_value (*kFunction)(napi_env, napi_callback_info)>
napi_value guarded(napi_env env, napi_callback_info info) {
  std::string message;
  try {
    return kFunction(env, info);
  } catch (const std::bad_alloc&) {
    message = "out of memory";
  } catch (const std::exception& error) {
    message = error.what();
  } catch (const std::string& error) {
    message = error;
  }
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

/** setThreads(threads): number of threads that work now. */
napi_value setThreads(napi_env env, napi_callback_info info) {
  Call call(env, info);
  call.engine->pool.resize(static_cast<int>(numberOf(env, call.arguments[0])));
  return numberFor(env, call.engine->pool.threads());
}

/** run(kernel, units, grain, argumentCount): runs a kernel with the arguments that lie in the shared array. */
napi_value run(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int kernel = static_cast<int>(numberOf(env, call.arguments[0]));
  const int64_t units = static_cast<int64_t>(numberOf(env, call.arguments[1]));
  const int64_t grain = static_cast<int64_t>(numberOf(env, call.arguments[2]));
  const int count = static_cast<int>(numberOf(env, call.arguments[3]));
  if (kernel < 0 || kernel >= call.engine->table->count || count < 0 || count > kMostArguments)
    throw std::string("no such kernel or too many arguments");
  call.engine->pool.run(call.engine->table->kernels[kernel].loop, units, grain, call.engine->arguments, count);
  return nullptr;
}

void unmap(napi_env, void* data, void* hint) { munmap(data, reinterpret_cast<size_t>(hint)); }

/** reserve(bytes): a buffer of fresh memory with its address, or undefined when the system has none. Pages cost nothing until used. */
napi_value reserve(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const size_t bytes = static_cast<size_t>(numberOf(env, call.arguments[0]));
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  napi_value result = nullptr;
  if (memory == MAP_FAILED) return undefinedValue(env);
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  napi_value buffer = nullptr;
  check(env, napi_create_external_arraybuffer(env, memory, bytes, unmap, reinterpret_cast<void*>(bytes), &buffer));
  check(env, napi_create_object(env, &result));
  check(env, napi_set_named_property(env, result, "address",
                                     numberFor(env, static_cast<double>(reinterpret_cast<uintptr_t>(memory)))));
  check(env, napi_set_named_property(env, result, "buffer", buffer));
  return result;
}

template <napi_value (*kFunction)(napi_env, napi_callback_info)>
void addFunction(napi_env env, napi_value object, const char* name) {
  napi_value function = nullptr;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, guarded<kFunction>, nullptr, &function));
  check(env, napi_set_named_property(env, object, name, function));
}

napi_value describe(napi_env env, Engine* engine) {
  napi_value result = nullptr;
  check(env, napi_create_object(env, &result));
  napi_value names = nullptr;
  check(env, napi_create_array(env, &names));
  for (int i = 0; i < engine->table->count; i++)
    check(env, napi_set_element(env, names, i, textFor(env, engine->table->kernels[i].name)));
  napi_value buffer = nullptr;
  void* data = nullptr;
  check(env, napi_create_arraybuffer(env, kMostArguments * sizeof(double), &data, &buffer));
  engine->arguments = static_cast<double*>(data);
  napi_value arguments = nullptr;
  check(env, napi_create_typedarray(env, napi_float64_array, kMostArguments, buffer, 0, &arguments));
  check(env, napi_set_named_property(env, result, "kernels", names));
  check(env, napi_set_named_property(env, result, "arguments", arguments));
  check(env, napi_set_named_property(env, result, "instructionSet", textFor(env, engine->table->instructionSet)));
  check(env, napi_set_named_property(env, result, "panelColumns", numberFor(env, engine->table->panelColumns)));
  check(env, napi_set_named_property(env, result, "panelRows", numberFor(env, engine->table->panelRows)));
  addFunction<setThreads>(env, result, "setThreads");
  addFunction<run>(env, result, "run");
  addFunction<reserve>(env, result, "reserve");
  return result;
}

/**
 * start(instructionSet): the engine on that set, or on the best one when it is empty; undefined when the machine lacks it or the
 * engine has started on another. Starting again gives the same object: tensors and packed panels belong to one set.
 */
napi_value start(napi_env env, napi_callback_info info) {
  Call call(env, info);
  Engine* engine = call.engine;
  char name[32] = {};
  check(env, napi_get_value_string_utf8(env, call.arguments[0], name, sizeof name, nullptr));
  const KernelTable* table = chooseTable(name);
  if (table == nullptr || (engine->table != nullptr && engine->table != table)) return undefinedValue(env);
  napi_value description = nullptr;
  if (engine->table == nullptr) {
    engine->table = table;
    description = describe(env, engine);
    // For the life of the environment: it also keeps the array that `arguments` points into.
    check(env, napi_create_reference(env, description, 1, &engine->description));
    return description;
  }
  check(env, napi_get_reference_value(env, engine->description, &description));
  return description;
}

void destroy(napi_env, void* data, void*) { delete static_cast<Engine*>(data); }

}  // namespace

NAPI_MODULE_INIT() {
  auto engine = std::make_unique<Engine>();
  if (napi_set_instance_data(env, engine.get(), destroy, nullptr) != napi_ok) return nullptr;
  engine.release();
  addFunction<start>(env, exports, "start");
  return exports;
}
