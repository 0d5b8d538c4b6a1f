{{/*
What every fixture chart shares, linked into each chart's templates folder (named templates are global
within a release, so the sub-charts see it too).

A sub-chart describes itself as YAML in a template called "<chart name>.component":
  kind        Deployment or StatefulSet
  spec        more fields of the workload's spec
  ports       [{name, port, container}]; they make the Service too
  configMaps  names of the ConfigMaps to create; each holds the files of the sub-chart's folder sandbox
  command     of the container, else it sleeps; entrypoint: true leaves it to the image
  readiness   the probe
  claims      [{suffix, volume: {class, size, path}, hostPath, claim, selector, reclaimPolicy}], where
              hostPath, claim and selector say whether each of them is wanted; without the key
              selector the claim has no labels either
  envFrom, env, securityContext    as in a container
  mounts      [{path, subPath, readOnly, and one of: claim (a name), template (true), source (a volume source)}]
and reads, like its original, from its values: replicaCount, image, resources, podAnnotations,
podSecurityContext, securityContext, imagePullSecrets, nodeSelector, affinity, tolerations,
serviceAccount.name, service, nameOverride, fullnameOverride and, where it has the key, cvmfs. Settings that
the originals turn into configuration files and commands are only shown in the ConfigMaps.
*/}}

{{- define "fixture.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "fixture.labels" -}}
{{- $suffix := index . 1 }}
{{- with index . 0 -}}
{app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}{{ $suffix }}, app.kubernetes.io/instance: {{ .Release.Name }}}
{{- end }}
{{- end }}

{{/* The mount of a log volume at a path: own claim, shared claim, or one claim per replica. */}}
{{- define "fixture.logs" -}}
{{- $volume := (index . 0).Values.persistentvolume -}}
- path: {{ index . 1 }}
  subPath: {{ $volume.subPath }}
  {{- if $volume.existingClaim }}
  claim: {{ $volume.existingClaim }}
  {{- else if $volume.create }}
  claim: {{ include "fixture.fullname" (index . 0) }}
  {{- else if $volume.sharedPvcName }}
  claim: {{ $volume.sharedPvcName }}
  {{- else }}
  template: true
  {{- end }}
{{- end }}

{{- define "fixture.component" -}}
{{- $root := . }}
{{- $values := .Values }}
{{- $fullname := include "fixture.fullname" . }}
{{- $labels := include "fixture.labels" (list . "") }}
{{- $component := include (printf "%s.component" .Chart.Name) . | fromYaml }}
{{- with $component.Error }}{{ fail . }}{{ end }}
{{- $cvmfs := $values.cvmfs | default dict }}
{{- $repositories := ternary $cvmfs.repositories list (default false $cvmfs.enabled) }}
{{- $mounts := $component.mounts }}
{{- $perReplica := false }}
{{- $settings := pick $values "autoStart" "configFile" "customConfig" "experiment" "extraEnv" "httpProxy" "httpsProxy" "noProxy" "noRoot" "serverConf" }}

{{- range $component.configMaps }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ . }}}
data:
  settings: {{ $settings | toJson | quote }}
  {{- range $path, $_ := $root.Files.Glob "sandbox/*" }}
  {{ base $path }}: {{ $root.Files.Get $path | toJson }}
  {{- end }}
{{- end }}

{{- range $component.claims }}
{{- if .hostPath }}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: {{ $fullname }}{{ .suffix }}, labels: {{ include "fixture.labels" (list $root .suffix) }}}
spec:
  storageClassName: {{ .volume.class }}
  capacity: {storage: {{ .volume.size }}}
  accessModes: [ReadWriteMany]
  {{- with .reclaimPolicy }}
  persistentVolumeReclaimPolicy: {{ . }}
  {{- end }}
  hostPath: {path: {{ .volume.path }}}
{{- end }}
{{- if .claim }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ $fullname }}{{ .suffix }}
  {{- if hasKey . "selector" }}
  labels: {{ include "fixture.labels" (list $root .suffix) }}
  {{- end }}
spec:
  storageClassName: {{ .volume.class }}
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: {{ .volume.size }}}}
  {{- if .selector }}
  selector: {matchLabels: {{ include "fixture.labels" (list $root .suffix) }}}
  {{- end }}
{{- end }}
{{- end }}

{{- range $repositories }}
{{- $claim := printf "%s-cvmfs-%s" $fullname .name }}
{{- $source := dict "persistentVolumeClaim" (dict "claimName" $claim "readOnly" true) }}
{{- $mounts = append $mounts (dict "path" (print "/cvmfs/" .repository) "source" $source) }}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: {{ $claim }}}
spec:
  storageClassName: cvmfs
  capacity: {storage: 1Gi}
  accessModes: [ReadOnlyMany]
  persistentVolumeReclaimPolicy: Retain
  csi:
    driver: cvmfs.csi.cern.ch
    volumeHandle: {{ $claim }}
    volumeAttributes: {repository: {{ .repository }}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ $claim }}}
spec:
  storageClassName: cvmfs
  volumeName: {{ $claim }}
  accessModes: [ReadOnlyMany]
  resources: {requests: {storage: 1Gi}}
{{- end }}

{{- if $component.ports }}
---
apiVersion: v1
kind: Service
metadata: {name: {{ $fullname }}, labels: {{ $labels }}}
spec:
  type: {{ $values.service.type }}
  selector: {{ $labels }}
  ports:
    {{- range $component.ports }}
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}, protocol: TCP}
    {{- end }}
{{- end }}
---
apiVersion: apps/v1
kind: {{ $component.kind }}
metadata: {name: {{ $fullname }}, labels: {{ $labels }}}
spec:
  replicas: {{ $values.replicaCount }}
  {{- with $component.spec }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  selector: {matchLabels: {{ $labels }}}
  template:
    metadata:
      labels: {{ $labels }}
      {{- with $values.podAnnotations }}
      annotations: {{ toJson . }}
      {{- end }}
    spec:
      serviceAccountName: {{ ($values.serviceAccount | default dict).name | default "default" }}
      {{- with $values.podSecurityContext }}
      securityContext: {{ toJson . }}
      {{- end }}
      {{- range list "imagePullSecrets" "nodeSelector" "affinity" "tolerations" }}
      {{- $key := . }}
      {{- with index $values . }}
      {{ $key }}: {{ toJson . }}
      {{- end }}
      {{- end }}
      containers:
        - name: {{ .Chart.Name }}
          image: {{ $values.image.repository }}:{{ $values.image.tag }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          {{- if not $component.entrypoint }}
          command: {{ $component.command | default (list "sleep" "infinity") | toJson }}
          {{- end }}
          {{- with $component.readiness }}
          readinessProbe: {{ toJson . }}
          {{- end }}
          {{- with $component.securityContext | default $values.securityContext }}
          securityContext: {{ toJson . }}
          {{- end }}
          {{- with $values.resources }}
          resources: {{ toJson . }}
          {{- end }}
          ports:
            {{- range $component.ports }}
            - {name: {{ .name }}, containerPort: {{ .container }}, protocol: TCP}
            {{- end }}
          {{- with $component.envFrom }}
          envFrom: {{ toJson . }}
          {{- end }}
          {{- with $component.env }}
          env: {{ toJson . }}
          {{- end }}
          volumeMounts:
            {{- range $index, $mount := $mounts }}
            {{- $name := ternary (print $fullname "-logs") (print "volume-" $index) (default false .template) }}
            {{- $name = .claim | default $name }}
            {{- $perReplica = or $perReplica .template }}
            - {name: {{ $name }}, mountPath: {{ .path }}{{ with .subPath }}, subPath: {{ . }}{{ end }}{{ with .readOnly }}, readOnly: {{ . }}{{ end }}}
            {{- end }}
      volumes:
        {{- $claims := list }}
        {{- range $mounts }}
        {{- $claims = append $claims .claim }}
        {{- end }}
        {{- range $claims | compact | uniq }}
        - {name: {{ . }}, persistentVolumeClaim: {claimName: {{ . }}}}
        {{- end }}
        {{- range $index, $mount := $mounts }}
        {{- range $type, $source := .source }}
        - {name: volume-{{ $index }}, {{ $type }}: {{ toJson $source }}}
        {{- end }}
        {{- end }}
  {{- if $perReplica }}
  volumeClaimTemplates:
    - metadata: {name: {{ $fullname }}-logs}
      spec:
        storageClassName: {{ $values.persistentvolume.class }}
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: {{ $values.persistentvolume.size }}}}
  {{- end }}
{{- end }}

{{/*
An Ingress, given a dict of: root, ingress (its values), suffix (of the name), secret (the TLS Secret's
suffix; tls[].secretName has no effect), port, and pathServices when a path may name another Service.
*/}}
{{- define "fixture.ingress" -}}
{{- $call := . }}
{{- $fullname := include "fixture.fullname" .root }}
{{- with .ingress }}
{{- if .enabled }}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $fullname }}{{ $call.suffix }}
  labels: {{ include "fixture.labels" (list $call.root "") }}
  {{- with .annotations }}
  annotations: {{ toJson . }}
  {{- end }}
spec:
  {{- with .className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .tls }}
  tls:
    {{- range . }}
    - secretName: {{ $call.root.Values.global.secret }}-{{ $call.secret }}
      hosts:
        {{- range .hosts }}
        - {{ .hostOverride | default (printf "%s.%s" $fullname .domain) }}
        {{- end }}
    {{- end }}
  {{- end }}
  rules:
    {{- range .hosts }}
    - host: {{ .hostOverride | default (printf "%s.%s" $fullname .domain) }}
      http:
        paths:
          {{- range .paths }}
          {{- $service := ternary (pick . "serviceName" "servicePort") dict (default false $call.pathServices) }}
          - path: {{ .path }}
            pathType: {{ .pathType }}
            backend:
              service:
                name: {{ $service.serviceName | default $fullname }}
                port: {number: {{ $service.servicePort | default $call.port }}}
          {{- end }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
