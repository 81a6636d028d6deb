import PluginHost

@main
enum Main {
  static func main() { PluginWorker.run() }
}
